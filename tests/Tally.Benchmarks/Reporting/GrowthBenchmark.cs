using System.Globalization;
using Dapper;
using NodaTime;
using Npgsql;
using Spectre.Console;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;
using Tally.Reporting.Rollups;

namespace Tally.Benchmarks.Reporting;

/// <summary>What one account's work costs by the length of its history, at 2,740 events a day: days that lie behind should cost nothing.</summary>
internal static class GrowthBenchmark
{
    private const string Zone = "America/New_York";
    private const long Account = 1;
    private const int EventsADay = 2_740;

    // The mix of EventLoad over as many days as it takes, the last of them yesterday's; 11 times the account is anybody's.
    private const string Load = """
        INSERT INTO reporting.accounts (id, reporting_timezone, timezone_set_at, report_rollup) VALUES (1, @zone, '1990-01-01Z', true);
        INSERT INTO reporting.reporting_events (account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id, created_at)
        SELECT 1, gen_random_uuid(),
               CASE WHEN g % 100 < 25 THEN 'conversation_resolved' WHEN g % 100 < 47 THEN 'first_response' WHEN g % 100 < 80 THEN 'reply_time'
                    WHEN g % 100 < 86 THEN 'conversation_bot_resolved' WHEN g % 100 < 92 THEN 'conversation_bot_handoff' ELSE 'conversation_opened' END,
               g % 90000, g % 30000, 1 + g * 7 % 50, 1 + g * 11 % 10, g * 13 % 100000, @today - (g + 1) * interval '1 day' / @events_a_day
        FROM generate_series(0, @events - 1) g
        """;

    /// <summary>Prints a row for each size of <see cref="BenchmarkScale.Events"/>.</summary>
    public static async Task RunAsync(NpgsqlDataSource dataSource, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        var table = new Table().Title("Median ms by events in the account's history")
            .AddColumns("events", "days", "a live event", "a day's rebuild, unchanged", "a year by day", "a year's summary of agents", "verify of 7 days");
        foreach (var events in scale.IsSmoke ? [10_000] : scale.Events)
        {
            await LoadAsync(dataSource, events, cancellationToken);
            var measurements = await Comparison.RunAsync(scale.RoundsOr(15), [.. Work(dataSource)], cancellationToken, scale.IsSmoke ? 1 : 10);
            table.AddRow([events.ToString("#,0", CultureInfo.InvariantCulture), Days(events).ToString("#,0", CultureInfo.InvariantCulture), .. measurements.Select(Cell)]);
        }

        AnsiConsole.Write(table);
    }

    private static IEnumerable<Contender> Work(NpgsqlDataSource dataSource)
    {
        var clock = new BenchmarkClock();
        var accounts = new AccountDirectory(dataSource, ZoneRules.Default);
        var intake = new EventIntake(new RollupWriter(dataSource, accounts, clock));
        var rebuilder = new DayRebuilder(dataSource, accounts, clock);
        var verifier = new RollupVerifier(dataSource, new AccountStore(dataSource, ZoneRules.Default, clock));
        var reports = new ReportReader(dataSource, ZoneRules.Default);
        var load = new EventLoad(accounts: 1, seed: 20260302);
        var today = LocalDay.Containing(EventLoad.Day, DateTimeZoneProviders.Tzdb[Zone]).Date;
        var (from, to) = (EventLoad.Day - Duration.FromDays(365), EventLoad.Day);

        yield return new Contender("a live event", token => intake.ApplyAsync([load.Next()], token));
        yield return new Contender("a day's rebuild", token => rebuilder.RebuildAsync(new DayTarget(Account, today.PlusDays(-2)), token));
        yield return new Contender("a year by day", token => reports.ReadAsync(
            new SeriesRequest { AccountId = Account, Metric = ReportMetric.ReplyTime, GroupBy = ReportPeriod.Day, Dimension = Dimension.Account, From = from, To = to, Source = ReportSourceChoice.Rollup }, token));
        yield return new Contender("a year's summary of agents", token => reports.ReadAsync(
            new SummaryRequest { AccountId = Account, Dimension = Dimension.Agent, From = from, To = to, Source = ReportSourceChoice.Rollup }, token));
        yield return new Contender("verify of 7 days", async token =>
        {
            var report = await verifier.VerifyAsync(Account, today.PlusDays(-8), today.PlusDays(-2), cancellationToken: token);
            if (report.DaysChecked == 0 || report.DaysDiffering > 0) throw new InvalidOperationException($"Of {report.DaysChecked} days {report.DaysDiffering} differ.");
        });
    }

    private static async Task LoadAsync(NpgsqlDataSource dataSource, int events, CancellationToken cancellationToken)
    {
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
        {
            await connection.ExecuteAsync("TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_events_rollups, reporting.reporting_days");
            await connection.ExecuteAsync(new CommandDefinition(Load, new { events, zone = Zone, events_a_day = EventsADay, today = EventLoad.Day }, commandTimeout: 3_600, cancellationToken: cancellationToken));
            await connection.ExecuteAsync(new CommandDefinition("VACUUM (ANALYZE) reporting.reporting_events", commandTimeout: 3_600, cancellationToken: cancellationToken));
        }

        var rebuilder = new DayRebuilder(dataSource, new AccountDirectory(dataSource, ZoneRules.Default), new BenchmarkClock());
        var today = LocalDay.Containing(EventLoad.Day, DateTimeZoneProviders.Tzdb[Zone]).Date;
        foreach (var month in Enumerable.Range(1, Days(events)).Select(ago => today.PlusDays(-ago)).Chunk(31))
            await rebuilder.RebuildAsync([.. month.Select(date => new DayTarget(Account, date))], cancellationToken);
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
            await connection.ExecuteAsync(new CommandDefinition("VACUUM (ANALYZE) reporting.reporting_events_rollups, reporting.reporting_days", commandTimeout: 600, cancellationToken: cancellationToken));
    }

    private static int Days(int events) => ((events - 1) / EventsADay) + 1;

    private static string Cell(Measurement measurement) => string.Create(
        CultureInfo.InvariantCulture,
        $"{measurement.Median.TotalMilliseconds:0.0} ({measurement.Times.Min().TotalMilliseconds:0.0}-{measurement.Times.Max().TotalMilliseconds:0.0})");
}
