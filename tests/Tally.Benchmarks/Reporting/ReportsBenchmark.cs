using Dapper;
using NodaTime;
using Npgsql;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;

namespace Tally.Benchmarks.Reporting;

/// <summary>A year's reports of one large account among others: from raw events, and from rollups.</summary>
internal static class ReportsBenchmark
{
    private const string Zone = "America/New_York";
    private static readonly Instant From = Instant.FromUtc(2025, 1, 1, 5, 0);
    private static readonly Instant To = Instant.FromUtc(2026, 1, 1, 5, 0);

    // The mix of EventLoad, loaded by the server itself: a million events through the intake would take minutes.
    private const string Load = """
        INSERT INTO reporting.accounts (id, reporting_timezone, timezone_set_at, report_rollup)
        SELECT g, 'America/New_York', '2020-01-01Z', true FROM generate_series(1, 11) g;

        INSERT INTO reporting.reporting_events (account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id, created_at)
        SELECT CASE WHEN g <= @events THEN 1 ELSE 2 + g % 10 END, gen_random_uuid(),
               CASE WHEN g % 100 < 25 THEN 'conversation_resolved' WHEN g % 100 < 47 THEN 'first_response' WHEN g % 100 < 80 THEN 'reply_time'
                    WHEN g % 100 < 86 THEN 'conversation_bot_resolved' WHEN g % 100 < 92 THEN 'conversation_bot_handoff' ELSE 'conversation_opened' END,
               g % 90000, g % 30000, 1 + g * 7 % 50, 1 + g * 11 % 10, g * 13 % (@events / 10),
               @from + (g % @events) * ((@to::timestamptz - @from) / @events)
        FROM generate_series(1, 2 * @events) g;
        """;

    /// <summary>Prints the times; throws if the two do not say the same.</summary>
    /// <param name="dataSource">An empty database with Tally's schema.</param>
    /// <param name="scale">A million events, or ten thousand.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task RunAsync(NpgsqlDataSource dataSource, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        await PrepareAsync(dataSource, scale.IsSmoke ? 10_000 : 1_000_000, cancellationToken);
        var reader = new ReportReader(dataSource, ZoneRules.Default);
        foreach (var (title, ask) in Questions(reader))
        {
            Report? raw = null, rollup = null;
            var measured = await Comparison.RunAsync(
                scale.RoundsOr(7),
                [
                    new Contender("raw", async token => raw = await ask(ReportSourceChoice.Raw, token)),
                    new Contender("rollup", async token => rollup = await ask(ReportSourceChoice.Rollup, token)),
                ],
                cancellationToken);
            Comparison.Print(title, measured);
            if (Contents(raw!) != Contents(rollup!)) throw new InvalidOperationException($"{title}: rollups and raw events do not say the same.");
        }
    }

    private static IEnumerable<(string Title, Func<ReportSourceChoice, CancellationToken, Task<Report>> Ask)> Questions(ReportReader reader)
    {
        yield return ("A year by day", Series(ReportMetric.AverageResolutionTime, ReportPeriod.Day));
        yield return ("A year by month", Series(ReportMetric.ReplyTime, ReportPeriod.Month));
        yield return ("A year by day, one agent", Series(ReportMetric.Resolutions, ReportPeriod.Day, Dimension.Agent, 7));
        yield return ("A year's summary of agents", async (source, token) => await reader.ReadAsync(
            new SummaryRequest { AccountId = 1, Dimension = Dimension.Agent, From = From, To = To, Source = source }, token));

        Func<ReportSourceChoice, CancellationToken, Task<Report>> Series(ReportMetric metric, ReportPeriod period, string dimension = Dimension.Account, long? id = null) =>
            async (source, token) => await reader.ReadAsync(
                new SeriesRequest { AccountId = 1, Metric = metric, GroupBy = period, Dimension = dimension, DimensionId = id, From = From, To = To, Source = source }, token);
    }

    private static async Task PrepareAsync(NpgsqlDataSource dataSource, int events, CancellationToken cancellationToken)
    {
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
        {
            await connection.ExecuteAsync(new CommandDefinition(Load, new { events, from = From, to = To }, commandTimeout: 600, cancellationToken: cancellationToken));
            await connection.ExecuteAsync(new CommandDefinition("VACUUM (ANALYZE) reporting.reporting_events", commandTimeout: 600, cancellationToken: cancellationToken));
        }

        var rebuilder = new DayRebuilder(dataSource, new AccountDirectory(dataSource, ZoneRules.Default), new BenchmarkClock());
        var first = LocalDay.Containing(From, DateTimeZoneProviders.Tzdb[Zone]).Date;
        foreach (var month in Enumerable.Range(0, 365).Select(first.PlusDays).Chunk(31))
            await rebuilder.RebuildAsync([.. month.Select(date => new DayTarget(1, date))], cancellationToken);
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
            await connection.ExecuteAsync(new CommandDefinition("VACUUM (ANALYZE) reporting.reporting_events_rollups", commandTimeout: 600, cancellationToken: cancellationToken));
    }

    private static string Contents(Report report) => report switch
    {
        SeriesReport series => $"{series.Aggregate:0.######} {string.Join(' ', series.Series.Select(point => $"{point.Start} {point.Value:0.######} {point.Count}"))}",
        SummaryReport summary => string.Join('\n', summary.Rows),
        _ => throw new ArgumentException(report.GetType().Name),
    };
}
