using NodaTime;
using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary>Waits for a backfill request and shows how far it is. Ending the command does not end the request.</summary>
internal sealed class BackfillWatch(CommandContext context, BackfillRequests requests)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // A failed day is tried maxDequeueCount times, visibilityTimeout apart: eight times within 3.5 minutes. Until then it may end well.
    private static readonly Duration Patience = Duration.FromMinutes(4);

    private static readonly Duration Hint = Duration.FromSeconds(30);

    /// <summary>The request's last state: completed, cancelled, or with failed days that nothing tries any more.</summary>
    public async Task<BackfillProgress> WaitAsync(BackfillRequest request, CancellationToken cancellationToken)
    {
        var last = await requests.GetAsync(request.Id, cancellationToken);
        return await context.Progress.RunAsync($"Rebuilding {Words.Count(request.DaysTotal, "day")}", request.DaysTotal, "days", async progress =>
        {
            var changedAt = context.Clock.GetCurrentInstant();
            var hinted = false;
            while (last.State == "running")
            {
                progress.Report(last.DaysDone);
                await Task.Delay(Interval, cancellationToken);
                var next = await requests.GetAsync(request.Id, cancellationToken);
                var now = context.Clock.GetCurrentInstant();
                if (next.DaysDone != last.DaysDone || next.DaysFailed != last.DaysFailed) changedAt = now;
                last = next;

                if (last.DaysFailed > 0 && last.DaysDone + last.DaysFailed >= last.DaysTotal && now - changedAt > Patience) break;
                if (!hinted && now - changedAt > Hint)
                {
                    hinted = true;
                    context.Note("No day was rebuilt for 30 seconds. Is the function app running? Ctrl-C leaves the request in the queue.");
                }
            }

            progress.Report(last.DaysDone);
            return last;
        }, begun: last.DaysDone);
    }
}
