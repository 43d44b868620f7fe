using NodaTime;
using Tally.Dashboard.Pages;
using Tally.Reporting.Days;
using Tally.Scheduling;

namespace Tally.Dashboard.Views;

/// <summary>How everything stands: green, or what to type.</summary>
internal sealed class OverviewView(HealthReader reader, Timetable timetable) : IView
{
    public string Path => "overview";

    public string Name => "Overview";

    public async Task<Page> ReadAsync(Query query, CancellationToken cancellationToken)
    {
        var health = await reader.ReadAsync(cancellationToken);
        var verdict = Verdict.On(health);
        return new Page("Overview", verdict.Count == 0 ? "All is well." : $"{Text.Count(verdict.Count, "thing")} to look at.",
        [
            .. verdict.Count == 0 ? [new Notice(Tone.Good, "No message is poison, no number has drifted, no timer has failed, and rollups cover every day that has been built.")] : verdict,
            FactsOf(health),
            QueuesOf(health),
            .. health.PoisonReasons.Count > 0 ? [PoisonOf(health)] : Array.Empty<Table>(),
            TimersOf(health),
            BackfillsOf(health),
            UncoveredOf(health),
            DriftOf(health),
            new Links(query.Text("refresh") is null ? [("Refresh every 10 seconds", Query.Address(Path, ("refresh", 10)))] : [("Stop refreshing", Path)]),
        ]);
    }

    private static Facts FactsOf(Health health)
    {
        var waiting = (health.Queues ?? []).Where(queue => queue.IsWorked).ToList();
        var poison = QueueNames.All.Sum(health.PoisonOf);
        var running = health.Backfills.Count(one => one.State == "running");
        var (days, rows) = (health.Uncovered.Days, health.Drift.Count(row => row.RebuiltAt is null));
        return new Facts(
        [
            new Fact("Messages waiting", Text.Of(waiting.Sum(queue => queue.Messages)), waiting.Max(queue => queue.AgeAt(health.At)) is { } age ? $"the oldest for {Text.Of(age)}" : "nothing waits"),
            new Fact("Poison messages", Text.Of(poison), poison == 0 ? "none" : "failed every try", poison == 0 ? Tone.Good : Tone.Bad),
            new Fact("Backfills in hand", Text.Of(running), running == 0 ? "nothing is being rebuilt" : "being rebuilt"),
            new Fact("Days not covered", $"{Text.Of(days)}{(health.Uncovered.IsCut ? " or more" : "")}", CoverageOf(health.Uncovered), days == 0 ? Tone.Good : Tone.Warning),
            new Fact("Drifted rows", Text.Of(rows), rows == 0 ? "every number verified is right" : "not rebuilt yet", rows == 0 ? Tone.Good : Tone.Bad),
            new Fact("Connections", Text.Of(health.Connections.InUse), $"of {Text.Of(health.Connections.Available)}"),
        ]);
    }

    private static Table QueuesOf(Health health) => Table.Of(
        "queues", "Queues", (health.Queues ?? []).Where(queue => !queue.IsPoison), "The queues do not answer.",
        new("queue", "Queue", queue => queue.Name),
        new("messages", "Messages", queue => queue.Messages) { IsNumber = true },
        new("oldest_since", "The oldest waits for", queue => queue.OldestSince) { Text = queue => Text.Of(queue.AgeAt(health.At)) },
        new("poison", "Poison", queue => health.PoisonOf(queue.Name)) { IsNumber = true, Tone = queue => health.PoisonOf(queue.Name) > 0 ? Tone.Bad : Tone.Good });

    private static string CoverageOf(Uncovered uncovered) =>
        uncovered.Days > 0 ? $"of {Text.Count(uncovered.Accounts.Count, "account")}"
        : uncovered.NotCompared > 0 ? $"{Text.Count(uncovered.NotCompared, "account")} not yet compared with time zone data {uncovered.ZoneData}"
        : "rollups are whole";

    private static Table PoisonOf(Health health) => Table.Of(
        "poison", "Why messages failed", health.PoisonReasons, "No message is poison.",
        new("failed_at", "Failed", one => one.FailedAt),
        new("queue", "Queue", one => one.Queue),
        new("tries", "Tries", one => one.Tries) { IsNumber = true },
        new("reason", "Reason", one => one.Reason),
        new("message_id", "Message", one => one.MessageId));

    private Table TimersOf(Health health)
    {
        var byName = health.Timers.ToDictionary(run => run.Timer);
        return Table.Of(
            "timers", "Timers", Timetable.Names.Select(name => (Name: name, Run: byName.GetValueOrDefault(name))), "No timers.",
            new("timer", "Timer", row => row.Name),
            new("started_at", "Last run that found work", row => row.Run?.StartedAt) { Text = row => row.Run is null ? "never" : Text.Of(row.Run.StartedAt) },
            new("finished_at", "Finished", row => row.Run?.FinishedAt),
            new("outcome", "Outcome", row => row.Run?.Outcome) { Tone = row => ToneOf(row.Run) },
            new("detail", "What it did", row => row.Run?.Detail),
            new("next_at", "Next tick", row => timetable.NextOf(row.Name, health.At)));
    }

    private static Tone ToneOf(TimerRun? run) => run?.Outcome switch { "failed" => Tone.Bad, "completed" => Tone.Good, _ => Tone.Plain };

    private static Table BackfillsOf(Health health) => Table.Of(
        "backfills", "Backfills in hand", health.Backfills.Where(one => one.State == "running"), "None. 'tally rollups backfill' makes one.",
        new("account_id", "Account", one => one.Request.AccountId) { Text = one => Text.Exact(one.Request.AccountId) },
        new("from_date", "From", one => one.Request.FromDate),
        new("to_date", "To", one => one.Request.ToDate),
        new("days_done", "Days done", one => one.DaysDone) { IsNumber = true },
        new("days_total", "of", one => one.DaysTotal) { IsNumber = true },
        new("percent", "Percent", one => Math.Round(100m * one.DaysDone / one.DaysTotal, 1)) { IsNumber = true },
        new("time_left", "Time left", one => one.TimeLeft),
        new("days_failed", "Failed", one => one.DaysFailed) { IsNumber = true, Tone = one => one.DaysFailed > 0 ? Tone.Bad : Tone.Plain },
        new("reason", "Asked for by", one => one.Request.Reason),
        new("requested_at", "Asked at", one => one.Request.RequestedAt),
        new("request_id", "Request", one => one.Request.Id.ToString()));

    private static Table UncoveredOf(Health health) => Table.Of(
        "uncovered", "Days not covered", health.Uncovered.Accounts, "Rollups hold every event of every day that was built.",
        new("account_id", "Account", one => one.AccountId) { Text = one => Text.Exact(one.AccountId), Link = one => Query.Address("reporting", ("account", one.AccountId), ("from", one.From), ("to", one.To)) },
        new("days", "Days", one => one.Days) { IsNumber = true },
        new("from", "From", one => one.From),
        new("to", "To", one => one.To));

    private static Table DriftOf(Health health) => Table.Of(
        "drift", "Drift that was found", health.Drift, "Every rollup that was verified equals its raw events.",
        new("account_id", "Account", row => row.AccountId) { Text = row => Text.Exact(row.AccountId) },
        new("date", "Day", row => row.Date) { Link = row => Query.Address("day", ("account", row.AccountId), ("date", row.Date)) },
        new("dimension_type", "Of", row => row.DimensionType),
        new("dimension_id", "Id", row => row.DimensionId) { Text = row => Text.Exact(row.DimensionId) },
        new("metric", "Metric", row => row.Metric) { Text = row => Text.Name(row.Metric) },
        new("found_count", "Rollup count", row => row.Found?.Count) { IsNumber = true },
        new("expected_count", "Raw count", row => row.Expected?.Count) { IsNumber = true },
        new("found_at", "Found", row => row.FoundAt),
        new("rebuilt_at", "Rebuilt", row => row.RebuiltAt) { Text = row => row.RebuiltAt is null ? "not yet" : Text.Of(row.RebuiltAt), Tone = row => row.RebuiltAt is null ? Tone.Bad : Tone.Good });
}
