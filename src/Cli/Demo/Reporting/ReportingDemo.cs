using Dapper;
using Tally.Azure;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Reports;

namespace Tally.Cli.Demo.Reporting;

/// <summary>
/// Months of history imported, zones set, every day rebuilt through the queue while live events of the same days arrive, one
/// in ten of them twice; then every day is held against its raw events.
/// </summary>
internal sealed class ReportingDemo(int events, int live, int days) : IDemoPart
{
    public async Task<DemoResult> RunAsync(DemoWorld world, CancellationToken cancellationToken)
    {
        await CreateAccountsAsync(world, cancellationToken);
        var (imported, importTime) = await world.StepAsync(Invariant($"Importing {events:N0} events"), events, "events", progress =>
            world.Session.Get<EventImporter>().ImportAsync(SupportDesk.History(events, days).ToAsyncEnumerable(), Shell.Progress.Of<long>(read => progress.Report(read)), cancellationToken));

        world.StartFunctionApp();
        var requests = await SetZonesAsync(world, cancellationToken);
        var dayCount = requests.Sum(request => request.DaysTotal);
        var traffic = new LiveTraffic(world, SupportDesk.Live(live));
        var (rebuilt, _) = await world.StepAsync(Invariant($"Rebuilding {dayCount:N0} days while {live:N0} events arrive"), dayCount, "days", async progress =>
        {
            var sending = traffic.SendAsync(cancellationToken);
            var end = await new QueueDrain(world).WaitAsync(requests, sending, progress, cancellationToken);
            await sending;
            return end;
        });

        var (proof, _) = await world.StepAsync("Verifying every day", DemoAccount.All.Count, "accounts", progress => VerifyAsync(world, progress, cancellationToken));
        var stored = await CountAsync(world, "SELECT count(*) FROM reporting.reporting_events", cancellationToken);
        var rows = await CountAsync(world, "SELECT count(*) FROM reporting.reporting_events_rollups", cancellationToken);
        var refused = imported.Inserted + traffic.Sent - stored;

        return new DemoResult(
            "Reporting rollups",
            [
                new("accounts", DemoAccount.All.Count, $"in {DemoAccount.All.Select(account => account.ZoneId).Distinct().Count()} time zones"),
                new("events imported", imported.Inserted, "", Rate(imported.Inserted, importTime)),
                new("days rebuilt through the queue", rebuilt.Days, "", Rate(rebuilt.Days, rebuilt.DaysTook)),
                new("live events through the queue", live, "", Rate(traffic.Sent, rebuilt.EventsTook)),
                new("of these sent twice", traffic.SentTwice),
                new("duplicates refused", refused),
                new("rollup rows", rows),
                new("days verified", proof.Days),
                new("poison messages", rebuilt.Poison),
                new("drift", proof.Differences, "rows that are not what the raw events say"),
            ],
            IsRight: proof.Differences == 0 && refused == traffic.SentTwice && stored == events + live && rebuilt.Poison == 0)
        {
            Tables = await new BentDays(world.Session, days).CreateAsync(cancellationToken) is { Rows.Count: > 0 } bent ? [bent] : [],
        };
    }

    private static async Task CreateAccountsAsync(DemoWorld world, CancellationToken cancellationToken)
    {
        foreach (var account in DemoAccount.All)
            await world.Session.Get<AccountStore>().CreateAsync(account.Id, account.Name, cancellationToken);
    }

    // A zone that changes calls for a rebuild of the history: that is the backfill.
    private static async Task<IReadOnlyList<BackfillRequest>> SetZonesAsync(DemoWorld world, CancellationToken cancellationToken)
    {
        var queue = world.Session.Queues.GetQueue(QueueNames.ReportingBackfills);
        var requests = new List<BackfillRequest>();
        foreach (var account in DemoAccount.All)
        {
            var change = await world.Session.Get<AccountStore>().SetTimezoneAsync(account.Id, account.ZoneId, cancellationToken);
            if (change.Backfill is not { } request) continue;
            requests.Add(request);
            await queue.SendOrCreateAsync(MessageJson.Serialize(request.ToMessage()), cancellationToken);
        }

        return requests;
    }

    private static async Task<Proof> VerifyAsync(DemoWorld world, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var proof = new Proof(0, 0);
        foreach (var account in DemoAccount.All)
        {
            var report = await world.Session.Get<RollupVerifier>().VerifyAsync(account.Id, cancellationToken: cancellationToken);
            // Its reports may read rollups now, as after a backfill with --enable-reads.
            if (report.Differences.Count == 0) await world.Session.Get<RollupOptIn>().EnableAsync(account.Id, force: true, cancellationToken: cancellationToken);
            proof = new Proof(proof.Days + report.DaysChecked, proof.Differences + report.Differences.Count);
            progress.Report(account.Id);
        }

        return proof;
    }

    private static async Task<long> CountAsync(DemoWorld world, string sql, CancellationToken cancellationToken)
    {
        await using var connection = await world.Session.Database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(sql, cancellationToken: cancellationToken));
    }

    private static string Rate(long count, TimeSpan took) => Invariant($"in {took.TotalSeconds:0.0} s, {count / took.TotalSeconds:N0} a second");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private sealed record Proof(int Days, int Differences);
}
