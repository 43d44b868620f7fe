using System.Diagnostics;
using Tally.Cli.Demo.Billing;
using Tally.Cli.Demo.Reporting;
using Tally.Cli.Demo.ValueStream;
using Tally.Cli.Shell;

namespace Tally.Cli.Demo;

/// <summary><c>tally demo</c></summary>
internal static class RunDemo
{
    public static Verb Create()
    {
        var events = ValueKinds.Number(1_000, 50_000_000).Default("--events", "How many events the history has.", 500_000);
        var days = ValueKinds.Number(2, 730).Default("--days", "How many days the history has, up to 30 April 2026.", SupportDesk.DefaultDays);
        var live = ValueKinds.Number(100, 1_000_000).Default("--live", "How many events arrive through the queue meanwhile.", 5_000);
        var keep = Inputs.Flag("--keep", "Then keep the servers for other commands, until Ctrl-C.");
        return new("demo", "See everything at work, on servers of its own that vanish afterwards. Exit code 1 if any number is wrong.", [events, days, live, keep], (run, token) =>
            RunAsync(run, [new ReportingDemo(run.Value(events), run.Value(live), run.Value(days)), new ValueStreamDemo(), new BillingDemo()], run.Value(keep), token));
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, IReadOnlyList<IDemoPart> parts, bool keep, CancellationToken cancellationToken)
    {
        var time = Stopwatch.StartNew();
        context.Note("A support desk on this machine: PostgreSQL and Azurite start, with data of their own ...");
        await using var world = await DemoWorld.CreateAsync(context, cancellationToken);

        var results = new List<DemoResult>();
        foreach (var part in parts) results.Add(await part.RunAsync(world, cancellationToken));

        new DemoReport(context).Write(results, time.Elapsed);
        if (keep) await KeepAsync(context, world, cancellationToken);
        return results.TrueForAll(result => result.IsRight) ? ExitCode.Done : ExitCode.No;
    }

    private static async Task KeepAsync(CommandContext context, DemoWorld world, CancellationToken cancellationToken)
    {
        using var lent = world.Lend();
        context.Note("The servers stay until Ctrl-C. In another terminal: tally rollups show --account 8 --from 2026-03-07 --to 2026-03-09");
        // Ctrl-C is how it is meant to end.
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
