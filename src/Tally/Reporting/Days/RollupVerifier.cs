using Dapper;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Days;

/// <summary>A rollup row that is not what the raw events say.</summary>
public sealed record RollupDifference
{
    public required LocalDate Date { get; init; }

    /// <summary>The day's state, <c>none</c> if it has no row; <c>stale</c> if its rollups are of another zone's day.</summary>
    public required string State { get; init; }

    public required string DimensionType { get; init; }

    public required long DimensionId { get; init; }

    public required string Metric { get; init; }

    /// <summary>What the raw events say; null if they call for no such row.</summary>
    public MetricAmount? Expected { get; init; }

    /// <summary>What the row says; null if there is none.</summary>
    public MetricAmount? Found { get; init; }

    /// <summary>Whether the day claimed to be right. Others differ by right, until they are rebuilt.</summary>
    internal bool IsOfCoveredDay(Account account) => State switch
    {
        "complete" => true,
        "live" or "none" => LocalDay.Of(Date, account.Zone!).Start >= account.TimezoneSetAt,
        _ => false,
    };
}

/// <summary>What a verification found.</summary>
public sealed record VerificationReport
{
    public required LocalDate? From { get; init; }

    public required LocalDate? To { get; init; }

    public required int DaysChecked { get; init; }

    /// <summary>Days passed over, since their raw events are gone.</summary>
    public required int DaysFrozen { get; init; }

    /// <summary>The first <see cref="RollupVerifier.MaxDifferences"/> of them, by day.</summary>
    public required IReadOnlyList<RollupDifference> Differences { get; init; }

    /// <summary>How many rows differ in all.</summary>
    public required long RowsDiffering { get; init; }

    public required int DaysDiffering { get; init; }
}

/// <summary>Holds the rollups of days against the aggregate of their raw events. Writes nothing.</summary>
public sealed class RollupVerifier
{
    /// <summary>How many differences a report holds: more say no more, and a history that differs throughout would fill the memory.</summary>
    public const int MaxDifferences = 10_000;

    // Each statement sees one snapshot; by this many days it reads some 100,000 events of a large account.
    private const int DaysAtOnce = 31;

    private const string Extent = """
        /* tally:rollups.extent */
        SELECT (SELECT min(created_at) FROM reporting.reporting_events WHERE account_id = @id) AS first_event,
               (SELECT max(created_at) FROM reporting.reporting_events WHERE account_id = @id) AS last_event,
               (SELECT min(date) FROM reporting.reporting_events_rollups WHERE account_id = @id) AS first_date,
               (SELECT max(date) FROM reporting.reporting_events_rollups WHERE account_id = @id) AS last_date
        """;

    private const string CountFrozen = """
        /* tally:days.count_frozen */
        SELECT count(*)::int FROM reporting.reporting_days WHERE account_id = @id AND state = 'frozen' AND date BETWEEN @from AND @to
        """;

    private readonly NpgsqlDataSource _dataSource;
    private readonly AccountStore _accounts;

    internal RollupVerifier(NpgsqlDataSource dataSource, AccountStore accounts)
    {
        _dataSource = dataSource;
        _accounts = accounts;
    }

    /// <summary>Verifies the days; by default every day that has an event or a rollup.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="from">First day.</param>
    /// <param name="to">Last day.</param>
    /// <param name="progress">Told the days checked so far.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    /// <exception cref="MissingTimeZoneException">The account has no reporting timezone.</exception>
    public async Task<VerificationReport> VerifyAsync(
        long accountId, LocalDate? from = null, LocalDate? to = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        var account = await _accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
        var zone = account.Zone ?? throw new MissingTimeZoneException(account);
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        if (from is null || to is null)
        {
            var (first, last) = await ExtentAsync(connection, accountId, zone, cancellationToken);
            from ??= first;
            to ??= last;
        }

        var differences = new List<RollupDifference>();
        var (rowsDiffering, daysDiffering) = (0L, 0);
        var count = from is { } start && to is { } end ? Math.Max(Period.DaysBetween(start, end) + 1, 0) : 0;
        for (var done = 0; done < count; done += DaysAtOnce)
        {
            var days = Enumerable.Range(done, Math.Min(DaysAtOnce, count - done)).Select(offset => LocalDay.Of(from!.Value.PlusDays(offset), zone)).ToList();
            await using var command = DaySql.VerifyCommand(connection, accountId, days);
            var found = await ReadDifferencesAsync(command, zone, cancellationToken);
            differences.AddRange(found.Take(MaxDifferences - differences.Count));
            rowsDiffering += found.Count;
            daysDiffering += found.Select(difference => difference.Date).Distinct().Count();
            progress?.Report(done + days.Count);
        }

        var frozen = count == 0 ? 0 : await connection.ExecuteScalarAsync<int>(new CommandDefinition(CountFrozen, new { id = accountId, from, to }, cancellationToken: cancellationToken));
        return new VerificationReport { From = from, To = to, DaysChecked = count - frozen, DaysFrozen = frozen, Differences = differences, RowsDiffering = rowsDiffering, DaysDiffering = daysDiffering };
    }

    /// <summary>Verifies these days in one statement, that is in one snapshot. Frozen ones are passed over.</summary>
    internal async Task<IReadOnlyList<RollupDifference>> FindDifferencesAsync(
        Account account, IReadOnlyList<LocalDay> days, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(timeout, cancellationToken);
        await using var command = DaySql.VerifyCommand(connection, account.Id, days);
        command.CommandTimeout = TimedStatement.ClientTimeout(timeout);
        return await ReadDifferencesAsync(command, account.Zone!, cancellationToken);
    }

    /// <summary>The answer of <see cref="DaySql.VerifyCommand"/>.</summary>
    internal static async Task<IReadOnlyList<RollupDifference>> ReadDifferencesAsync(NpgsqlCommand command, DateTimeZone zone, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var differences = new List<RollupDifference>();
        while (await reader.ReadAsync(cancellationToken)) differences.Add(ReadDifference(reader, zone));
        return differences;
    }

    private static async Task<(LocalDate? First, LocalDate? Last)> ExtentAsync(NpgsqlConnection connection, long accountId, DateTimeZone zone, CancellationToken cancellationToken)
    {
        var found = await connection.QuerySingleAsync<HistoryExtent>(new CommandDefinition(Extent, new { id = accountId }, cancellationToken: cancellationToken));
        var dates = new[] { found.FirstDate, found.LastDate, DateOf(found.FirstEvent), DateOf(found.LastEvent) }.OfType<LocalDate>().ToList();
        return dates.Count == 0 ? (null, null) : (dates.Min(), dates.Max());

        LocalDate? DateOf(Instant? instant) => instant is { } time ? LocalDay.Containing(time, zone).Date : null;
    }

    private static RollupDifference ReadDifference(NpgsqlDataReader reader, DateTimeZone zone)
    {
        var metric = reader.GetString(5);
        var state = reader.GetString(1);
        var timezone = reader.GetString(2);
        return new RollupDifference
        {
            Date = LocalDate.FromDateOnly(reader.GetFieldValue<DateOnly>(0)),
            State = timezone.Length > 0 && timezone != zone.Id ? "stale" : state,
            DimensionType = reader.GetString(3),
            DimensionId = reader.GetInt64(4),
            Metric = metric,
            Expected = Amount(6),
            Found = Amount(9),
        };

        MetricAmount? Amount(int column) => reader.IsDBNull(column)
            ? null
            : new MetricAmount(metric, reader.GetInt64(column), reader.GetDecimal(column + 1), reader.GetDecimal(column + 2));
    }

    private sealed record HistoryExtent
    {
        public Instant? FirstEvent { get; init; }

        public Instant? LastEvent { get; init; }

        public LocalDate? FirstDate { get; init; }

        public LocalDate? LastDate { get; init; }
    }
}
