using System.Diagnostics;
using Tally.Cli.Dashboard;
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
        var dashboard = Inputs.Flag("--dashboard", "Then keep the servers and open the dashboard on them, until Ctrl-C.");
        var noOpen = Inputs.Flag("--no-open", "With --dashboard: print the address, and do not open a browser.");
        return new("demo", "See everything at work, on servers of its own that vanish afterwards. Exit code 1 if any number is wrong.", [events, days, live, keep, dashboard, noOpen], (run, token) =>
        {
            IDemoPart[] parts = [new ReportingDemo(run.Value(events), run.Value(live), run.Value(days)), new ValueStreamDemo(), new BillingDemo()];
            return RunAsync(run, parts, run.Value(dashboard) ? world => ShowAsync(run, world, !run.Value(noOpen), token) : run.Value(keep) ? world => KeepAsync(run, world, token) : null, token);
        });
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, IReadOnlyList<IDemoPart> parts, Func<DemoWorld, Task>? afterwards, CancellationToken cancellationToken)
    {
        var time = Stopwatch.StartNew();
        context.Note("A support desk on this machine: PostgreSQL and Azurite start, with data of their own ...");
        await using var world = await DemoWorld.CreateAsync(context, cancellationToken);

        var results = new List<DemoResult>();
        foreach (var part in parts) results.Add(await part.RunAsync(world, cancellationToken));

        new DemoReport(context).Write(results, time.Elapsed);
        if (afterwards is not null) await afterwards(world);
        return results.TrueForAll(result => result.IsRight) ? ExitCode.Done : ExitCode.No;
    }

    private static async Task KeepAsync(CommandContext context, DemoWorld world, CancellationToken cancellationToken)
    {
        using var lent = world.Lend();
        context.Note("The servers stay until Ctrl-C. In another terminal: tally rollups show --account 8 --from 2026-03-07 --to 2026-03-09");
        // Ctrl-C is how it is meant to end.
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task ShowAsync(CommandContext context, DemoWorld world, bool open, CancellationToken cancellationToken)
    {
        using var lent = world.Lend();
        await DashboardCommand.ShowAsync(context, world.Session, port: 0, open, cancellationToken);
    }
}
