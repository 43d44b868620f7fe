using Npgsql;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary>Sets a recorded backfill request going: through the queue, or here if no function app can be there to take it.</summary>
internal sealed class BackfillStart(CommandContext context, Session session)
{
    /// <summary>Whether the queue lives only as long as this command, so that no function app reads it.</summary>
    public bool MustBeInline => session.Origin.Queues == ServerOrigin.Local;

    public async Task StartAsync(BackfillRequest request, CancellationToken cancellationToken)
    {
        if (MustBeInline)
        {
            context.Note("No function app is running here: this command rebuilds the days itself.");
            await RebuildInlineAsync(request, cancellationToken);
            return;
        }

        await EnqueueAsync(request, cancellationToken);
    }

    /// <summary>Puts a request that is on record on its queue.</summary>
    /// <exception cref="CommandException">The queue service failed: the request stays on record, and what becomes of it is said.</exception>
    public async Task EnqueueAsync(BackfillRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await session.Get<BackfillSender>().SendAsync(request, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not NpgsqlException)
        {
            throw new CommandException(
                $"Request {request.Id} is on record, and its message is not on the queue: {ErrorMessage.Of(exception)} The function app puts it there within minutes once the queue service answers; so does this command, typed again, or 'tally rollups resume {request.Id}'.", exception);
        }
    }

    /// <summary>Rebuilds the days that are not done, newest first.</summary>
    public Task<int> RebuildInlineAsync(BackfillRequest request, CancellationToken cancellationToken) =>
        context.Progress.RunAsync($"Rebuilding {Words.Count(request.DaysTotal, "day")}", request.DaysTotal, "days", async progress =>
        {
            var done = 0;
            try
            {
                await foreach (var _ in session.Get<BackfillWorker>().RebuildInlineAsync(request, cancellationToken)) progress.Report(++done);
                await session.Get<BackfillRequests>().MarkQueuedAsync(request.Id, cancellationToken);
                return done;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                throw new CommandException(
                    $"Backfill failed after {done} of {Words.Count(request.DaysTotal, "day")}: {ErrorMessage.Of(exception)} Put that right, then 'tally rollups resume {request.Id}'.", exception);
            }
        });
}
