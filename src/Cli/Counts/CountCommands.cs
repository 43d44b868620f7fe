using System.CommandLine;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;
using Tally.Cli.Shell.Servers;
using Tally.Dashboard.Pages;
using Tally.Dashboard.Views;
using Tally.Scheduling;
using Tally.ValueStream;

namespace Tally.Cli.Counts;

/// <summary><c>tally counts</c></summary>
internal static class CountCommands
{
    private const int MaxMonths = 20;
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    public static Noun Create() => new(
        "counts", "Value stream counts: what each namespace of a group holds, once a month.",
        Run(), Status(), Report(),
        Switch("enable", "Let a top-level group take part, with its whole tree.", enabled: true),
        Switch("disable", "Stop a group from taking part, at once. A month under way is dropped, its counts so far stay.", enabled: false),
        Reset());

    /// <summary>What the timer does, now.</summary>
    private static Verb Run()
    {
        var budget = ValueKinds.Time.Optional("--budget", "The time box; by default ValueStream:MaxRuntime. One page is counted however small it is.");
        var group = ValueKinds.Id.Optional("--group", "Count only this top-level group.", "-g");
        return new("run", "Count every group whose month is not complete, within a time box. Exit code 1 if a group failed.", [budget, group], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Database, token);
            var limiter = new RuntimeLimiter(run.Value(budget) ?? session.Get<IOptions<ValueStreamOptions>>().Value.MaxRuntime, TimeProvider.System);
            var result = await CountAsync(run, session, limiter, run.Value(group), token);

            run.Output.WriteOne(result);
            if (Hint(result.Outcome) is { } hint) run.Note(hint);
            if (result.GroupsFailing == 0) return ExitCode.Done;
            run.Note($"{result.GroupsFailing} groups failed. 'tally counts status' shows why; the next run tries smaller pages.");
            return ExitCode.No;
        });
    }

    private static Verb Status()
    {
        var month = MonthOrCurrent();
        return new("status", "Show how far each group's counts are: position, percent, lease, failures.", [month], async (run, token) =>
        {
            var groups = await (await run.GetAsync<CountStatusReader>(token)).ReadAsync(run.Value(month)?.OnDayOfMonth(1), token);
            run.Output.WriteList([.. groups.Select(StatusRow.Of)]);
            if (groups.Count == 0) run.Note("No group takes part. 'tally counts enable GROUP' lets one.");
        });
    }

    private static Verb Report()
    {
        var id = ValueKinds.Id.Required("--namespace", "The id of a group or of a project's namespace.", "-n");
        var metric = ValueKinds.OneOf(CountMetric.All, one => one.Name).Required("--metric", "What is counted.", "-m");
        var from = ValueKinds.Date.Required("--from", "First day (UTC) on which a value may have been counted.");
        var to = ValueKinds.Date.Required("--to", "Last such day, included.");
        return new("report", "Show the newest value of a metric for a group, with its tree, or for a project; and whether it is complete.", [id, metric, from, to], async (run, token) =>
        {
            var report = await run.GetAsync<CountReader>(token);
            if (run.Format == OutputFormat.Html)
            {
                await WritePageAsync(run, report, run.Value(id), run.Value(metric)!, run.Value(from), run.Value(to), token);
                return;
            }

            var answer = await run.ReadAsync(report.ReadAsync(run.Value(id), run.Value(metric)!, run.Value(from), run.Value(to), token));
            run.Output.WriteOne(new ReportRow(run.Value(id), run.Value(metric)!.Name, answer.Count, answer.RecordedAt, answer.Counted, answer.Expected, answer.Complete, answer.Tree));
            if (answer.Tree == TreeState.Broken) run.Note($"The tree is broken: it names namespace {answer.MissingNamespaceId}, which is not in value_stream.namespaces. Load it, then 'tally counts reset GROUP' and 'tally counts run'.");
            if (answer.Tree == TreeState.Empty) run.Note($"The tree is empty: it has nothing that {run.Value(metric)!.Name} are counted for.");
            if (answer.Counted < answer.Expected) run.Note($"{answer.Expected - answer.Counted} of {answer.Expected} namespaces have no value in these days.");
            if (answer.RunState is { } state and not RunState.Complete) run.Note($"The count of {answer.Month:uuuu-MM} is {state.ToString().ToLowerInvariant()}: 'tally counts status'.");
            if (run.Draws) await DrawMonthsAsync(run, report, run.Value(id), run.Value(metric)!, (run.Value(from), run.Value(to)), token);
        })
        {
            DrawsPage = true,
        };
    }

    // By month, so the months are asked for whole.
    private static async Task WritePageAsync(CommandContext run, CountReader report, long id, CountMetric metric, LocalDate from, LocalDate to, CancellationToken cancellationToken)
    {
        if (from > to) throw new ValueStreamException($"The range ends before it begins: {Words.Of(from)} to {Words.Of(to)}.");
        var months = Math.Min(((to.Year - from.Year) * 12) + to.Month - from.Month + 1, MaxMonths);
        var counts = await run.ReadAsync(CountPage.ReadAsync(report, id, metric, to.ToYearMonth(), months, cancellationToken));
        await run.WritePageAsync(new Page(
            $"{CountPage.NameOf(metric)} of namespace {id}", $"Counted once a month, {Words.Of(counts[0].Month)} to {Words.Of(counts[^1].Month)}, UTC. Source: the value stream counts, each month with its completeness.", CountPage.Of(id, metric, counts)));
    }

    private static Verb Switch(string name, string description, bool enabled)
    {
        var group = Group();
        return new(name, description, [group], async (run, token) =>
        {
            var aggregations = await run.GetAsync<Aggregations>(token);
            await (enabled ? aggregations.EnableAsync(run.Value(group), token) : aggregations.DisableAsync(run.Value(group), token));
            run.Output.WriteOne(new Participation(run.Value(group), enabled));
        });
    }

    private static Verb Reset()
    {
        var (group, month) = (Group(), MonthOrCurrent());
        return new("reset", "Forget a group's position in a month, so that the next run counts it from the start. Exit code 1 if there is none.", [group, month], async (run, token) =>
        {
            var reset = await (await run.GetAsync<Aggregations>(token)).ResetAsync(run.Value(group), run.Value(month)?.OnDayOfMonth(1), token);
            run.Output.WriteOne(new ResetResult(run.Value(group), reset));
            if (reset) return ExitCode.Done;
            run.Note($"Group {run.Value(group)} has no run in that month.");
            return ExitCode.No;
        });
    }

    /// <summary>Counts, and shows the share that is counted: that of the groups that take part, read while it runs.</summary>
    private static async Task<CountResult> CountAsync(CommandContext run, Session session, RuntimeLimiter limiter, long? group, CancellationToken cancellationToken)
    {
        var counter = session.Get<ValueStreamCounter>();
        if (!run.Draws) return await counter.RunAsync(limiter, group, cancellationToken);

        var begun = await ReadPercentAsync();
        return await run.Progress.RunAsync("Counting", 100, "%", async progress =>
        {
            var counting = counter.RunAsync(limiter, group, cancellationToken);
            while (await Task.WhenAny(counting, Task.Delay(LookInterval, CancellationToken.None)) != counting) progress.Report(await ReadPercentAsync());
            return await counting;
        }, begun);

        async Task<double> ReadPercentAsync()
        {
            try
            {
                var groups = await session.Get<CountStatusReader>().ReadAsync(cancellationToken: CancellationToken.None);
                return (double)groups.Where(one => one.Enabled && (group is null || one.Group == group)).Select(one => one.Percent).DefaultIfEmpty().Average();
            }
            catch (NpgsqlException)
            {
                // The counting says itself what is wrong.
                return 0;
            }
        }
    }

    /// <summary>Each month's newest value, where the days are of more than one.</summary>
    private static async Task DrawMonthsAsync(
        CommandContext run, CountReader report, long id, CountMetric metric, (LocalDate From, LocalDate To) days, CancellationToken cancellationToken)
    {
        var (first, last) = (days.From.ToYearMonth(), days.To.ToYearMonth());
        if (first == last) return;
        // The latest, since they are what is asked for.
        if (first.PlusMonths(MaxMonths - 1) < last) first = last.PlusMonths(1 - MaxMonths);
        var bars = new List<Bar>();
        for (var month = first; month <= last; month = month.PlusMonths(1))
        {
            var (from, to) = (LocalDate.Max(days.From, month.ToDateInterval().Start), LocalDate.Min(days.To, month.ToDateInterval().End));
            var answer = await report.ReadAsync(id, metric, from, to, cancellationToken);
            bars.Add(answer.Complete ? new Bar(Words.Of(month), answer.Count ?? 0) : new Bar(Words.Of(month), 0, answer.Count ?? 0));
        }

        run.Draw($"{metric.Name} by month (█ complete, ░ incomplete):", width => Charts.Bars(bars, width));
    }

    private static Argument<long> Group() => ValueKinds.Id.Argument("GROUP", "The id of a top-level group.");

    private static Option<YearMonth?> MonthOrCurrent() => ValueKinds.Month.Optional("--month", "The month; by default the current one (UTC).");

    private static string? Hint(RunOutcome outcome) => outcome switch
    {
        RunOutcome.TimeUp => "Time is up. The positions are saved: the next run goes on from there.",
        RunOutcome.LeaseHeldElsewhere => "Other workers are at the groups that are left. 'tally counts status' shows them.",
        RunOutcome.NothingDue => "Nothing is due: every enabled group is complete for this month or has failed, or the licence or ValueStream:LastDaysOfMonth forbids counting today.",
        _ => null,
    };

    private sealed record Participation(long Group, bool Enabled);

    private sealed record ResetResult(long Group, bool Reset);

    private sealed record ReportRow(long Namespace, string Metric, long? Count, Instant? RecordedAt, long Counted, long Expected, bool Complete, TreeState Tree);

    private sealed record StatusRow(
        long Group, string Month, string State, string? Metric, long? NamespaceId, long? PartialNamespaceId, long? PartialCount,
        decimal Percent, long Rows, string? LeaseOwner, Instant? LeaseUntil, int Attempts, string? LastError,
        Instant? StartedAt, Instant? FinishedAt)
    {
        public static StatusRow Of(GroupStatus status) => new(
            status.Group,
            Words.Of(status.Month.ToYearMonth()),
            status.Enabled ? (status.State ?? RunState.Waiting).ToString().ToLowerInvariant() : "disabled",
            status.Metric is { } number ? Tally.ValueStream.CountMetric.All[number - 1].Name : null,
            status.NamespaceId, status.PartialNamespaceId, status.LastCount,
            status.Percent, status.Rows, status.LeaseOwner, status.LeaseUntil, status.Attempts, status.LastError,
            status.StartedAt, status.FinishedAt);
    }
}
