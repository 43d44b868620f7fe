using Dapper;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Accounts;

/// <summary>Accounts: created, listed, given a zone.</summary>
internal sealed class AccountStore(NpgsqlDataSource dataSource, ZoneRules rules, IClock clock)
{
    private const string Columns = Account.Columns;

    private const string InsertSql = $"""
        /* tally:accounts.create */
        INSERT INTO reporting.accounts (id, name, created_at, timezone_set_at) VALUES (@id, @name, @now, @now)
        ON CONFLICT (id) DO NOTHING
        RETURNING {Columns}
        """;

    private const string ListSql = $"/* tally:accounts.list */ SELECT {Columns} FROM reporting.accounts ORDER BY id LIMIT @limit::int";

    private const string FindSql = $"/* tally:accounts.find */ SELECT {Columns} FROM reporting.accounts WHERE id = @id";

    private const string SetTimezoneSql = $"""
        /* tally:accounts.set_timezone */
        UPDATE reporting.accounts SET reporting_timezone = @timezone, timezone_set_at = @now WHERE id = @id RETURNING {Columns}
        """;

    private const string SetReportRollupSql = $"""
        /* tally:accounts.set_report_rollup */
        UPDATE reporting.accounts SET report_rollup = @enabled WHERE id = @id RETURNING {Columns}
        """;

    private const string SetComparedSql = """
        /* tally:accounts.set_compared */
        UPDATE reporting.accounts SET days_on_record = true, compared_rules = @version WHERE id = @id AND reporting_timezone = @timezone
        """;

    /// <exception cref="AccountExistsException">The id is taken.</exception>
    /// <exception cref="AccountBeingErasedException">An account of this id is being erased.</exception>
    public async Task<Account> CreateAsync(long id, string? name = null, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            return WithRules(await connection.QuerySingleOrDefaultAsync<Account>(new CommandDefinition(
                InsertSql, new { id, name = name ?? "", now = clock.GetCurrentInstant() }, cancellationToken: cancellationToken)))
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
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return WithRules((await connection.QueryWithinAsync<Account>(OutageRetry.StatementTimeout, FindSql, new { id }, cancellationToken)).SingleOrDefault());
    }

    /// <summary>Every account, by id.</summary>
    public Task<IReadOnlyList<Account>> ListAsync(CancellationToken cancellationToken = default) => ListAsync(limit: null, cancellationToken);

    /// <summary>The first of them.</summary>
    internal async Task<IReadOnlyList<Account>> ListAsync(int? limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. (await connection.QueryAsync<Account>(new CommandDefinition(ListSql, new { limit }, cancellationToken: cancellationToken))).Select(account => account with { Rules = rules })];
    }

    /// <summary>
    /// Sets the zone that the account's days are cut in. Days whose windows differ under it are uncovered from this commit
    /// on, and a request to rebuild them is recorded with it; the caller puts its message on the queue. Days whose windows
    /// are the same stay as they are, so that between two names of one zone nothing is rebuilt.
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
        var zone = rules.Find(zoneId);
        var now = clock.GetCurrentInstant();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(TimedStatement.ByHand, cancellationToken);
        await connection.ExecuteAsync(Command("SELECT pg_advisory_xact_lock(@key)", new { key = AdvisoryLocks.Account(id) }));
        var before = WithRules(await connection.QuerySingleOrDefaultAsync<Account>(Command(FindSql, new { id }))) ?? throw new UnknownAccountException(id);
        if (before.Zone?.Id == zone.Id)
            return new TimezoneChange(before, before.ReportingTimezone, await connection.QuerySingleOrDefaultAsync<BackfillRequest>(Command(BackfillSql.Unqueued, new { account_id = id, before = now, limit = 1 })));

        // Without a zone, events were stored and lie in no day: then no day is known to be whole.
        if (before.Zone is not null) await connection.ExecuteAsync(Command("SELECT set_config('tally.compares_windows', 'on', true)", new { }));
        await connection.ExecuteAsync(Command(SetTimezoneSql, new { id, timezone = zone.Id, now }));
        var dates = await DaysOnRecord.PutAsync(connection, id, zone, now, TimedStatement.ByHand, cancellationToken);
        await connection.ExecuteAsync(Command(SetComparedSql, new { id, version = rules.Version, timezone = zone.Id }));
        var account = WithRules(await connection.QuerySingleAsync<Account>(Command(FindSql, new { id })))!;
        var request = dates.Count == 0 ? null : BackfillRequest.Of(id, dates, "zone set to " + zone.Id, now);
        if (request is not null) await connection.ExecuteAsync(Command(BackfillSql.Insert, BackfillSql.Parameters(request)));
        await transaction.CommitAsync(cancellationToken);
        return new TimezoneChange(account, before.ReportingTimezone, request);

        CommandDefinition Command(string sql, object parameters) =>
            new(sql, parameters, transaction, TimedStatement.ClientTimeout(TimedStatement.ByHand), cancellationToken: cancellationToken);
    }

    /// <summary>
    /// Compares the windows of the account's days with those that this process's time zone data give, and uncovers those
    /// that differ; days that events lie in and that were never on record are put on it. Where that was done with these
    /// data it costs one read of the account's days, for an app with older ones may have cut days since; where it was done
    /// with newer ones it costs nothing. Null if nothing was read, else how many days are uncovered.
    /// </summary>
    /// <param name="account">Whose days.</param>
    /// <param name="timeout">The bound of each of its eight statements.</param>
    /// <param name="cancellationToken">Stops it, and nothing is written.</param>
    internal async Task<int?> CompareDaysAsync(Account account, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (account.Zone is not { } zone) return null;
        var age = account is { DaysOnRecord: true, ComparedRules: { } version } ? string.CompareOrdinal(version, rules.Version) : -1;
        if (age > 0) return null;

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(timeout, cancellationToken);
        if (age == 0 && await UncoveredDayCount.CountCutOtherwiseAsync(connection, account, timeout, dirtyToo: false, cancellationToken) == 0) return 0;
        await connection.ExecuteAsync(Command("SELECT pg_advisory_xact_lock(@key)", new { key = AdvisoryLocks.Account(account.Id) }));
        if (!await AccountDirectory.AreCurrentAsync(connection, [account], cancellationToken)) return null;
        var dates = await DaysOnRecord.PutAsync(connection, account.Id, zone, clock.GetCurrentInstant(), timeout, cancellationToken);
        await connection.ExecuteAsync(Command(SetComparedSql, new { id = account.Id, version = rules.Version, timezone = account.ReportingTimezone }));
        await transaction.CommitAsync(cancellationToken);
        return dates.Count;

        CommandDefinition Command(string sql, object parameters) => new(sql, parameters, transaction, TimedStatement.ClientTimeout(timeout), cancellationToken: cancellationToken);
    }

    /// <summary>Lets reports of the account read rollups, or sends them to the raw events. Writing rollups does not depend on it.</summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public async Task<Account> SetReportRollupAsync(long id, bool enabled, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return WithRules(await connection.QuerySingleOrDefaultAsync<Account>(new CommandDefinition(SetReportRollupSql, new { id, enabled }, cancellationToken: cancellationToken)))
            ?? throw new UnknownAccountException(id);
    }

    private Account? WithRules(Account? account) => account is null ? null : account with { Rules = rules };
}

/// <param name="Account">The account as it is now.</param>
/// <param name="PreviousTimezone">The zone it had; null if none.</param>
/// <param name="Backfill">The rebuild of the account's history that the change calls for; null if there is nothing to rebuild.</param>
internal sealed record TimezoneChange(Account Account, string? PreviousTimezone, BackfillRequest? Backfill);

/// <summary>What an account of this id left is being removed; its id is nobody's until that has ended.</summary>
internal sealed class AccountBeingErasedException(long id, Exception cause)
    : OperatorException($"Account {id} is being erased. That ends by itself within minutes; 'tally events erase --account {id} --all' ends it now. Then create it.", cause);

/// <summary>The id of a new account is taken.</summary>
internal sealed class AccountExistsException(long id) : OperatorException($"Account {id} exists already.");
