using System.CommandLine;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary>What there is to do about a backfill request: <c>tally rollups progress</c>, <c>cancel</c> and <c>resume</c>.</summary>
internal static class BackfillCommands
{
    private static readonly ValueKind<Guid> RequestId = new("UUID", "the id of a request; 'tally rollups progress' lists them", Guid.TryParse);

    public static Verb Progress()
    {
        var account = Inputs.AnyAccount("by default every account's");
        return new("progress", "Show the backfill requests, newest first: days done, kept, failed, and the time left.", [account], async (run, token) =>
        {
            var requests = await (await run.GetAsync<BackfillRequests>(token)).GetProgressAsync(run.Value(account), cancellationToken: token);
            run.Output.WriteList([.. requests.Select(ProgressRow.Of)]);
            if (requests.Count == 0) run.Note("There are no backfill requests. 'tally rollups backfill' makes one.");
        });
    }

    public static Verb Cancel()
    {
        var request = Request();
        return new("cancel", "Stop a backfill request. Days that are done stay done; the others stay as they are.", [request], async (run, token) =>
        {
            var requests = await run.GetAsync<BackfillRequests>(token);
            await requests.CancelAsync(run.Value(request), token);
            run.Output.WriteOne(ProgressRow.Of(await requests.GetAsync(run.Value(request), token)));
            run.Note($"'tally rollups resume {run.Value(request)}' takes it up again.");
        });
    }

    public static Verb Resume()
    {
        var request = Request();
        return new("resume", "Take up a cancelled or failed backfill request with the days that are not done.", [request], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Both, token);
            var requests = session.Get<BackfillRequests>();
            var messages = await requests.ResumeAsync(run.Value(request), token);
            var progress = await requests.GetAsync(run.Value(request), token);
            await new BackfillStart(run, session).StartAsync(progress.Request, token);
            run.Output.WriteOne(ProgressRow.Of(await requests.GetAsync(run.Value(request), token)));
            if (messages.Count == 0) run.Note("Every day of this request is done.");
        });
    }

    private static Argument<Guid> Request() => RequestId.Argument("REQUEST", "The request's id; 'tally rollups progress' lists them.");
}

/// <summary>A backfill request, as results show it.</summary>
internal sealed record ProgressRow(
    Guid Request, long AccountId, LocalDate From, LocalDate To, string State, int Days, int Done, int Kept, int Failed,
    Duration? TimeLeft, Instant RequestedAt, string Reason, string? LastError)
{
    public static ProgressRow Of(BackfillProgress progress) => new(
        progress.Request.Id, progress.Request.AccountId, progress.Request.FromDate, progress.Request.ToDate, progress.State,
        progress.DaysTotal, progress.DaysDone, progress.DaysKept, progress.DaysFailed,
        progress.TimeLeft, progress.Request.RequestedAt, progress.Request.Reason, progress.LastError);
}
