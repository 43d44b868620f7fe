using NodaTime;
using Tally.Dashboard.Pages;

namespace Tally.Dashboard.Views;

/// <summary>What is wrong and what to type, the worst first; nothing if all is well.</summary>
internal static class Verdict
{
    // A tick of the slowest worker is long over by then.
    private static readonly Duration LongWait = Duration.FromMinutes(10);

    // Fewer free connections than one process of Tally takes.
    private const int FewConnections = 20;

    public static IReadOnlyList<Notice> On(Health health) =>
    [
        .. OnQueues(health),
        .. health.Drift.Where(row => row.RebuiltAt is null).Take(1).Select(row => new Notice(
            Tone.Bad, $"{Text.Count(health.Drift.Count(one => one.RebuiltAt is null), "rollup row")} did not equal the raw events when verified and the day is not rebuilt, the newest of account {row.AccountId} on {Text.Of(row.Date)}.", $"tally rollups drift --account {row.AccountId}")),
        .. health.Timers.Where(run => run.Outcome == "failed").Select(run => new Notice(
            Tone.Bad, $"The last run of '{run.Timer}' failed: {run.Detail}", run.Timer == "value stream" ? "tally counts status" : "tally billing run")),
        .. health.Backfills.Where(one => one.DaysFailed > 0 && one.State == "running").Take(3).Select(one => new Notice(
            Tone.Bad, $"{Text.Count(one.DaysFailed, "day")} of a backfill of account {one.Request.AccountId} failed: {one.LastError}", $"tally rollups resume {one.Request.Id}")),
        .. health.Uncovered.Accounts.Take(3).Select(one => new Notice(
            Tone.Warning, $"{Text.Count(one.Days, "day")} of account {one.AccountId} {(one.Days == 1 ? "is" : "are")} not covered by rollups ({Text.Of(one.From)} to {Text.Of(one.To)}); reports read raw events there.", $"tally rollups backfill --account {one.AccountId}")),
        .. health.Connections.Available - health.Connections.InUse < FewConnections
            ? [new Notice(Tone.Warning, $"The database has {health.Connections.Available - health.Connections.InUse} of {health.Connections.Available} connections left.", "tally doctor")]
            : Array.Empty<Notice>(),
    ];

    private static string ReasonOf(string queue, Health health) =>
        health.PoisonReasons.FirstOrDefault(one => one.Queue == queue) is { } newest ? $" The last: {newest.Reason}" : "";

    private static IEnumerable<Notice> OnQueues(Health health)
    {
        if (health.Queues is null) yield return new Notice(Tone.Bad, $"The queues do not answer: {health.QueueFault}", "tally doctor");
        foreach (var name in QueueNames.All)
        {
            if (health.PoisonOf(name) is > 0 and var poison)
                yield return new Notice(Tone.Bad, $"{Text.Count(poison, "message")} of {name} failed every try.{ReasonOf(name, health)} Mend the cause, then try {(poison == 1 ? "it" : "them")} again.", $"tally queues redrive {name}");
        }

        foreach (var queue in (health.Queues ?? []).Where(queue => queue.IsWorked && queue.AgeAt(health.At) > LongWait))
            yield return new Notice(Tone.Warning, $"A message of {queue.Name} has waited for {Text.Of(queue.AgeAt(health.At))}. Is the function app running?", "tally doctor");
    }
}
