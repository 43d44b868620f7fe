using NodaTime;
using Tally.Dashboard.Pages;
using Tally.ValueStream;

namespace Tally.Dashboard.Views;

/// <summary>Groups and how far their counts are; a namespace's counts by month.</summary>
internal sealed class ValueStreamView(CountStatusReader status, CountReader reports, IClock clock) : IView
{
    private const int Months = 12;

    public string Path => "value-stream";

    public string Name => "Value stream";

    public async Task<Page> ReadAsync(Query query, CancellationToken cancellationToken)
    {
        var month = query.Month("month") ?? clock.GetCurrentInstant().InUtc().Date.ToYearMonth();
        var groups = await status.ReadAsync(month.OnDayOfMonth(1), cancellationToken);
        var metric = CountMetric.Named(query.Text("metric") ?? CountMetric.Issues.Name);
        var id = query.Id("namespace") ?? groups.Select(group => (long?)group.Group).FirstOrDefault();
        return new Page(
            "Value stream counts", $"What the namespaces of each group hold, counted once a month. This is {Text.Of(month)}, UTC.",
            [
                new Form(Path,
                [
                    new InputField("month", "Month", "month", Text.Of(month)),
                    new InputField("namespace", "Group or project", "number", id is { } number ? Text.Exact(number) : null, "id"),
                    new ChoiceField("metric", "Metric", [.. CountMetric.All.Select(one => (one.Name, CountPage.NameOf(one)))], metric.Name),
                ]),
                .. States(groups),
                Groups(groups, month, metric),
                .. id is { } some ? CountPage.Of(some, metric, await CountPage.ReadAsync(reports, some, metric, month, Months, cancellationToken)) : [],
            ]);
    }

    private static IEnumerable<Block> States(IReadOnlyList<GroupStatus> groups)
    {
        if (groups.Count == 0)
        {
            yield return new Notice(Tone.Plain, "No group takes part.", "tally counts enable GROUP");
            yield break;
        }

        var enabled = groups.Where(group => group.Enabled).ToList();
        var open = enabled.Count(group => group.State != RunState.Complete);
        var failed = enabled.Count(group => group.State == RunState.Failed);
        yield return new Facts(
        [
            new Fact("Groups", Text.Of(enabled.Count), groups.Count == enabled.Count ? "none is disabled" : $"{Text.Of(groups.Count - enabled.Count)} more disabled"),
            new Fact("Complete", Text.Of(enabled.Count(group => group.State == RunState.Complete)), Tone: enabled.TrueForAll(group => group.State == RunState.Complete) ? Tone.Good : Tone.Plain),
            new Fact("Not complete", Text.Of(open), open == 0 ? "nothing is left to count" : "counting goes on at every tick"),
            new Fact("Failed", Text.Of(failed), Tone: failed > 0 ? Tone.Bad : Tone.Good),
        ]);
        foreach (var group in enabled.Where(group => group.State == RunState.Failed).Take(3))
            yield return new Notice(Tone.Bad, $"Group {group.Group} was given up after {Text.Count(group.Attempts, "failure")}: {group.LastError}", $"tally counts reset {group.Group}");
    }

    private Table Groups(IReadOnlyList<GroupStatus> groups, YearMonth month, CountMetric metric) => Table.Of(
        "groups", $"Groups in {Text.Of(month)}", groups, "No group takes part.",
        new("group", "Group", row => row.Group) { Text = row => Text.Exact(row.Group), Link = row => Query.Address(Path, ("month", month), ("namespace", row.Group), ("metric", metric.Name)) },
        new("state", "State", row => row.Enabled ? Text.Of(row.State ?? RunState.Waiting) : "disabled") { Tone = ToneOf },
        new("percent", "Percent", row => row.Percent) { IsNumber = true },
        new("rows", "Counts written", row => row.Rows) { IsNumber = true },
        new("metric", "At", row => row is { State: not RunState.Complete, Metric: { } number } ? CountMetric.All[number - 1].Name : null),
        new("attempts", "Failures in a row", row => row.Attempts) { IsNumber = true },
        new("last_error", "Last error", row => row.LastError),
        new("started_at", "Begun", row => row.StartedAt),
        new("finished_at", "Finished", row => row.FinishedAt));

    private static Tone ToneOf(GroupStatus row) => row switch
    {
        { Enabled: false } => Tone.Plain,
        { State: RunState.Complete } => Tone.Good,
        { State: RunState.Failed } => Tone.Bad,
        _ => Tone.Plain,
    };
}
