using Dapper;
using NodaTime;
using Npgsql;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Accounts;

/// <summary>Accounts: created, listed, given a zone.</summary>
public sealed class AccountStore
{
    private const string Columns = "id, name, reporting_timezone, timezone_set_at, report_rollup, created_at";

    private const string InsertSql = $"""
        /* tally:accounts.create */
        INSERT INTO reporting.accounts (id, name, created_at, timezone_set_at) VALUES (@id, @name, @now, @now)
        ON CONFLICT (id) DO NOTHING
        RETURNING {Columns}
        """;

    private const string ListSql = $"/* tally:accounts.list */ SELECT {Columns} FROM reporting.accounts ORDER BY id";

    private const string FindSql = $"/* tally:accounts.find */ SELECT {Columns} FROM reporting.accounts WHERE id = @id";

    private const string SetTimezoneSql = $"""
        /* tally:accounts.set_timezone */
        UPDATE reporting.accounts SET reporting_timezone = @timezone, timezone_set_at = @now WHERE id = @id RETURNING {Columns}
        """;

    private const string SetReportRollupSql = $"""
        /* tally:accounts.set_report_rollup */
        UPDATE reporting.accounts SET report_rollup = @enabled WHERE id = @id RETURNING {Columns}
        """;

    // What the days of the account's history are: those of its events, and those that have rollups or a state.
    private const string HistorySql = """
        /* tally:accounts.history */
        SELECT (SELECT min(created_at) FROM reporting.reporting_events WHERE account_id = @id) AS first_event,
               (SELECT max(created_at) FROM reporting.reporting_events WHERE account_id = @id) AS last_event,
               least((SELECT min(date) FROM reporting.reporting_events_rollups WHERE account_id = @id),
                     (SELECT min(date) FROM reporting.reporting_days WHERE account_id = @id)) AS first_day,
               greatest((SELECT max(date) FROM reporting.reporting_events_rollups WHERE account_id = @id),
                        (SELECT max(date) FROM reporting.reporting_days WHERE account_id = @id)) AS last_day
        """;

    // Offsets of the present and the future are multiples of a quarter of an hour, so that no quarter lies in two days.
    private const string AheadSql = """
        /* tally:accounts.ahead */
        SELECT DISTINCT date_bin('15 minutes', created_at, 'epoch'::timestamptz) AS quarter
        FROM reporting.reporting_events
        WHERE account_id = @id AND created_at >= @now
        """;

    private const string MarkDirtySql = """
        /* tally:days.mark_dirty */
        INSERT INTO reporting.reporting_days (account_id, date, timezone, state, updated_at)
        SELECT @id, d.date, @timezone, 'dirty', @now FROM unnest(@dates) AS d (date) ORDER BY d.date
        ON CONFLICT (account_id, date) DO NOTHING
        """;

    private readonly NpgsqlDataSource _dataSource;
    private readonly IClock _clock;

    public AccountStore(NpgsqlDataSource dataSource, IClock clock)
    {
        _dataSource = dataSource;
        _clock = clock;
    }

    /// <exception cref="AccountExistsException">The id is taken.</exception>
    /// <exception cref="AccountBeingErasedException">An account of this id is being erased.</exception>
    public async Task<Account> CreateAsync(long id, string? name = null, CancellationToken cancellationToken = default)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            return await connection.QuerySingleOrDefaultAsync<Account>(new CommandDefinition(
                InsertSql, new { id, name = name ?? "", now = _clock.GetCurrentInstant() }, cancellationToken: cancellationToken))
                ?? throw new AccountExistsException(id);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            throw new AccountBeingErasedException(id, exception);
        }
    }

    /// <summary>The account, or null if there is none.</summary>
    public async Task<Account?> FindAsync(long id, CancellationToken cancellationToken = default)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Account>(new CommandDefinition(FindSql, new { id }, cancellationToken: cancellationToken));
    }

    /// <summary>Every account, by id.</summary>
    public async Task<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<Account>(new CommandDefinition(ListSql, cancellationToken: cancellationToken))];
    }

    /// <summary>
    /// Sets the zone that the account's days are cut in. Days built before are uncovered from this commit on, and a
    /// request to rebuild the whole history is recorded with it; the caller puts its message on the queue.
    /// Setting the zone that the account has, under whatever alias, changes nothing, and answers the request that is on record
    /// and not on the queue, if there is one.
    /// </summary>
    /// <remarks>
    /// The transaction waits for those that are applying the account's events in the old zone, and those that
    /// come after it find the new one: no event is counted in neither.
    /// </remarks>
    /// <exception cref="UnknownTimeZoneException">It is no IANA id.</exception>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<TimezoneChange> SetTimezoneAsync(long id, string zoneId, CancellationToken cancellationToken = default)
    {
        var zone = TimeZones.Find(zoneId);
        var now = _clock.GetCurrentInstant();
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(Command("SELECT pg_advisory_xact_lock(@key)", new { key = AdvisoryLocks.Account(id) }));
        var before = await connection.QuerySingleOrDefaultAsync<Account>(Command(FindSql, new { id })) ?? throw new UnknownAccountException(id);
        if (before.Zone?.Id == zone.Id)
            return new TimezoneChange(before, before.ReportingTimezone, await connection.QuerySingleOrDefaultAsync<BackfillRequest>(Command(BackfillSql.Unqueued, new { account_id = id, before = now, limit = 1 })));

        var account = await connection.QuerySingleAsync<Account>(Command(SetTimezoneSql, new { id, timezone = zone.Id, now }));
        var ahead = await connection.QueryAsync<Instant>(Command(AheadSql, new { id, now }));
        var dates = ahead.Select(quarter => LocalDay.Containing(quarter, zone).Date.ToDateOnly()).Distinct().ToArray();
        await connection.ExecuteAsync(Command(MarkDirtySql, new { id, timezone = zone.Id, dates, now }));

        var request = RequestRebuild(id, await connection.QuerySingleAsync<History>(Command(HistorySql, new { id })), zone, now);
        if (request is not null) await connection.ExecuteAsync(Command(BackfillSql.Insert, BackfillSql.Parameters(request)));
        await transaction.CommitAsync(cancellationToken);
        return new TimezoneChange(account, before.ReportingTimezone, request);

        CommandDefinition Command(string sql, object parameters) => new(sql, parameters, transaction, cancellationToken: cancellationToken);
    }

    /// <summary>Lets reports of the account read rollups, or sends them to the raw events. Writing rollups does not depend on it.</summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<Account> SetReportRollupAsync(long id, bool enabled, CancellationToken cancellationToken = default)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Account>(new CommandDefinition(SetReportRollupSql, new { id, enabled }, cancellationToken: cancellationToken))
            ?? throw new UnknownAccountException(id);
    }

    private static BackfillRequest? RequestRebuild(long id, History history, DateTimeZone zone, Instant now)
    {
        LocalDate?[] days =
        [
            history.FirstDay, history.LastDay,
            history.FirstEvent is { } first ? LocalDay.Containing(first, zone).Date : null,
            history.LastEvent is { } last ? LocalDay.Containing(last, zone).Date : null,
        ];
        var known = days.OfType<LocalDate>().ToList();
        return known.Count == 0 ? null : new BackfillRequest
        {
            Id = Guid.CreateVersion7(now.ToDateTimeOffset()),
            AccountId = id,
            FromDate = known.Min(),
            ToDate = known.Max(),
            Forced = false,
            Reason = "zone set to " + zone.Id,
            RequestedAt = now,
        };
    }

    private sealed record History
    {
        public Instant? FirstEvent { get; init; }

        public Instant? LastEvent { get; init; }

        public LocalDate? FirstDay { get; init; }

        public LocalDate? LastDay { get; init; }
    }
}

/// <param name="Account">The account as it is now.</param>
/// <param name="PreviousTimezone">The zone it had; null if none.</param>
/// <param name="Backfill">The rebuild of the account's history that the change calls for; null if there is nothing to rebuild.</param>
public sealed record TimezoneChange(Account Account, string? PreviousTimezone, BackfillRequest? Backfill);

/// <summary>What an account of this id left is being removed; its id is nobody's until that has ended.</summary>
public sealed class AccountBeingErasedException(long id, Exception cause)
    : OperatorException($"Account {id} is being erased. That ends by itself within minutes; 'tally events erase --account {id} --all' ends it now. Then create it.", cause);

/// <summary>The id of a new account is taken.</summary>
public sealed class AccountExistsException(long id) : OperatorException($"Account {id} exists already.");
