using System.Diagnostics;
using Tally.Azure;
using Tally.Reporting;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Demo.Reporting;

/// <summary>Waits until every message is done with.</summary>
internal sealed class QueueDrain(DemoWorld world)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    // In this order: a function puts its messages before its own one is deleted, so that none hides between two looks.
    private static readonly string[] Queues = [QueueNames.ReportingEvents, QueueNames.ReportingBackfills, QueueNames.ReportingBackfillDays];

    public async Task<Drained> WaitAsync(IReadOnlyList<BackfillRequest> requests, Task sending, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var time = Stopwatch.StartNew();
        TimeSpan? eventsTook = null;
        TimeSpan? daysTook = null;
        var total = requests.Sum(request => request.DaysTotal);
        while (true)
        {
            world.RequireFunctionApp();
            var isSent = sending.IsCompleted;
            var depths = new List<long>();
            foreach (var name in Queues) depths.Add(await DepthAsync(name, cancellationToken));
            var done = (await world.Session.Get<BackfillRequests>().GetProgressAsync(cancellationToken: cancellationToken)).Sum(request => request.DaysDone);

            progress.Report(done);
            if (isSent && depths[0] == 0) eventsTook ??= time.Elapsed;
            if (done == total) daysTook ??= time.Elapsed;
            if (isSent && depths.TrueForAll(depth => depth == 0)) break;
            await Task.Delay(Interval, cancellationToken);
        }

        var poison = 0L;
        foreach (var name in Queues) poison += await DepthAsync(name + QueueNames.PoisonSuffix, cancellationToken);
        return new Drained(total, daysTook ?? time.Elapsed, eventsTook ?? time.Elapsed, poison);
    }

    private async Task<long> DepthAsync(string name, CancellationToken cancellationToken) =>
        (await QueueDepth.ReadAsync(world.Session.Queues, name, cancellationToken)).Messages;
}

/// <summary>What went through the queues.</summary>
internal sealed record Drained(int Days, TimeSpan DaysTook, TimeSpan EventsTook, long Poison);
