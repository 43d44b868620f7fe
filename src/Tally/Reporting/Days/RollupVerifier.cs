using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Days;

/// <summary>A rollup row that is not what the day's base and raw events say.</summary>
internal sealed record RollupDifference
{
    public required LocalDate Date { get; init; }

    /// <summary>The day's state, <c>none</c> if it has no row; <c>stale</c> if it, or a day that reaches into it, was cut with another window.</summary>
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
        "complete" or "live" => true,
        "none" => DayCoverage.HasNoEvents(account, LocalDay.Of(Date, account.Zone!)),
        _ => false,
    };
}

/// <summary>What a verification found.</summary>
internal sealed record VerificationReport
{
    public required LocalDate? From { get; init; }

    public required LocalDate? To { get; init; }

    public required int DaysChecked { get; init; }

    /// <summary>Of all days of the account, those that were cut with other windows than today's time zone data give.</summary>
    public required int DaysCutOtherwise { get; init; }

    /// <summary>The first <see cref="RollupVerifier.MaxDifferences"/> of them, by day.</summary>
    public required IReadOnlyList<RollupDifference> Differences { get; init; }

    /// <summary>How many rows differ in all.</summary>
    public required long RowsDiffering { get; init; }

    public required int DaysDiffering { get; init; }
}

/// <summary>Holds the rollups of days against the aggregate of their raw events. Writes nothing.</summary>
internal sealed class RollupVerifier(NpgsqlDataSource dataSource, AccountStore accounts)
{
    /// <summary>How many differences a report holds: more say no more, and a history that differs throughout would fill the memory.</summary>
    public const int MaxDifferences = 10_000;

    // Each statement sees one snapshot; by this many days it reads some 100,000 events of a large account.
    private const int DaysAtOnce = 31;

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
        var account = await accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
        var zone = account.Zone ?? throw new MissingTimeZoneException(account);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var differences = new List<RollupDifference>();
        var (rowsDiffering, daysDiffering) = (0L, 0);
        var dates = await DaysOnRecord.FindAsync(connection, accountId, zone, from, to, TimedStatement.ByHand, cancellationToken);
        var done = 0;
        foreach (var some in dates.Chunk(DaysAtOnce))
        {
            await using var command = DaySql.VerifyCommand(connection, accountId, [.. some.Select(date => LocalDay.Of(date, zone))]);
            var found = await ReadDifferencesAsync(command, cancellationToken);
            differences.AddRange(found.Take(MaxDifferences - differences.Count));
            rowsDiffering += found.Count;
            daysDiffering += found.Select(difference => difference.Date).Distinct().Count();
            progress?.Report(done += some.Length);
        }

        return new VerificationReport
        {
            From = from ?? (dates.Count > 0 ? dates[0] : null),
            To = to ?? (dates.Count > 0 ? dates[^1] : null),
            DaysChecked = dates.Count,
            DaysCutOtherwise = await UncoveredDayCount.CountCutOtherwiseAsync(connection, account, TimedStatement.ByHand, dirtyToo: true, cancellationToken),
            Differences = differences,
            RowsDiffering = rowsDiffering,
            DaysDiffering = daysDiffering,
        };
    }

    /// <summary>Verifies these days in one statement, that is in one snapshot.</summary>
    internal async Task<IReadOnlyList<RollupDifference>> FindDifferencesAsync(
        Account account, IReadOnlyList<LocalDay> days, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(timeout, cancellationToken);
        await using var command = DaySql.VerifyCommand(connection, account.Id, days);
        command.CommandTimeout = TimedStatement.ClientTimeout(timeout);
        return await ReadDifferencesAsync(command, cancellationToken);
    }

    /// <summary>The answer of <see cref="DaySql.VerifyCommand"/>.</summary>
    internal static async Task<IReadOnlyList<RollupDifference>> ReadDifferencesAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var differences = new List<RollupDifference>();
        while (await reader.ReadAsync(cancellationToken)) differences.Add(ReadDifference(reader));
        return differences;
    }

    private static RollupDifference ReadDifference(NpgsqlDataReader reader)
    {
        var metric = reader.GetString(4);
        return new RollupDifference
        {
            Date = reader.GetFieldValue<LocalDate>(0),
            State = reader.GetString(1),
            DimensionType = reader.GetString(2),
            DimensionId = reader.GetInt64(3),
            Metric = metric,
            Expected = Amount(5),
            Found = Amount(8),
        };

        MetricAmount? Amount(int column) => reader.IsDBNull(column)
            ? null
            : new MetricAmount(metric, reader.GetInt64(column), reader.GetDecimal(column + 1), reader.GetDecimal(column + 2));
    }
}
