using System.CommandLine;
using System.Diagnostics;
using Tally.Cli.Demo.Billing;
using Tally.Cli.Demo.Reporting;
using Tally.Cli.Demo.ValueStream;
using Tally.Cli.Shell;

namespace Tally.Cli.Demo;

/// <summary><c>tally demo</c></summary>
internal sealed class RunDemo : TallyCommand
{
    private readonly Option<int> _events = CommonOptions.Count("--events", "How many events the history has.", 500_000, 1_000, 50_000_000);
    private readonly Option<int> _days = CommonOptions.Count("--days", "How many days the history has, up to 30 April 2026.", SupportDesk.DefaultDays, 2, 730);
    private readonly Option<int> _live = CommonOptions.Count("--live", "How many events arrive through the queue meanwhile.", 5_000, 100, 1_000_000);
    private readonly Option<bool> _keep = new("--keep") { Description = "Then keep the servers for other commands, until Ctrl-C." };

    public RunDemo()
        : base("demo", "See everything at work, on servers of its own that vanish afterwards. Exit code 1 if any number is wrong.")
    {
        Add(_events);
        Add(_days);
        Add(_live);
        Add(_keep);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var time = Stopwatch.StartNew();
        context.Note("A support desk on this machine: PostgreSQL and Azurite start, with data of their own ...");
        await using var world = await DemoWorld.CreateAsync(context, cancellationToken);
        IDemoPart[] parts = [new ReportingDemo(context.Value(_events), context.Value(_live), context.Value(_days)), new ValueStreamDemo(), new BillingDemo()];

        var results = new List<DemoResult>();
        foreach (var part in parts) results.Add(await part.RunAsync(world, cancellationToken));

        new DemoReport(context).Write(results, time.Elapsed);
        if (context.Value(_keep)) await KeepAsync(context, world, cancellationToken);
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
