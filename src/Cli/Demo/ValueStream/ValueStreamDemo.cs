using System.Globalization;
using Dapper;
using Spectre.Console;
using Tally.Scheduling;
using Tally.ValueStream;

namespace Tally.Cli.Demo.ValueStream;

/// <summary>
/// Two groups are counted in a time box so small that it takes many ticks, each going on where the last one stopped.
/// Then they are counted once more without a box: the counts are the same.
/// </summary>
internal sealed class ValueStreamDemo : IDemoPart
{
    // A tick's time is up after so many commits; a real box depends on the machine.
    private const int CommitsOfATick = 6;

    private const string ReadCounts = """
        SELECT namespace_id, metric, count FROM value_stream.value_stream_dashboard_counts ORDER BY namespace_id, metric
        """;

    // Counted plainly, without any of Tally's code.
    private const string ReadTotals = """
        SELECT (SELECT count(*) FROM value_stream.projects) + (SELECT count(*) FROM value_stream.issues)
             + (SELECT count(*) FROM value_stream.namespaces WHERE type = 'Group' AND parent_id IS NOT NULL)
             + (SELECT count(*) FROM value_stream.merge_requests) + (SELECT count(*) FROM value_stream.pipelines)
             + (SELECT count(*) FROM value_stream.members)
        """;

    public async Task<DemoResult> RunAsync(DemoWorld world, CancellationToken cancellationToken)
    {
        await world.StepAsync("Loading two groups of projects", 0, "", async _ =>
        {
            await GroupTree.LoadAsync(world.Session.Database, cancellationToken);
            return true;
        });
        var aggregations = world.Session.Get<Aggregations>();
        for (var group = 1; group <= GroupTree.Groups; group++) await aggregations.EnableAsync(group, cancellationToken);

        var ticks = Ticks();
        var (count, took) = await world.StepAsync("Counting them in small ticks", 0, "", _ => CountInTicksAsync(world, ticks, cancellationToken));
        var interrupted = await CountsAsync(world, cancellationToken);

        for (var group = 1; group <= GroupTree.Groups; group++) await aggregations.ResetAsync(group, cancellationToken: cancellationToken);
        await using (var connection = await world.Session.Database.OpenConnectionAsync(cancellationToken))
            await connection.ExecuteAsync(new CommandDefinition("TRUNCATE value_stream.value_stream_dashboard_counts", cancellationToken: cancellationToken));
        var (whole, _) = await world.StepAsync("Counting them again without a stop", 0, "", _ =>
            world.Session.Get<ValueStreamCounter>().RunAsync(new RuntimeLimiter(() => false), cancellationToken: cancellationToken));
        var uninterrupted = await CountsAsync(world, cancellationToken);

        var differing = interrupted.Except(uninterrupted).Union(uninterrupted.Except(interrupted)).Count();
        var isRight = differing == 0 && whole.Outcome == RunOutcome.Completed && interrupted.Count == GroupTree.ExpectedRows
            && interrupted.Sum(row => row.Count) == await TotalAsync(world, cancellationToken);
        return new DemoResult(
            "Value stream counts",
            [
                new("namespaces", GroupTree.ExpectedRows / 3, "in two top-level groups"),
                new("issues of the largest project", GroupTree.GiantIssues),
                new("ticks", count, FormattableString.Invariant($"of {CommitsOfATick} commits, in {took.TotalSeconds:0.0} s")),
                new("counts", interrupted.Count, "three for each group and project"),
                new("things counted", interrupted.Sum(row => row.Count)),
                new("differences", differing, "from a count without a stop"),
            ],
            isRight)
        {
            Tables = [ticks],
        };
    }

    private static async Task<int> CountInTicksAsync(DemoWorld world, Table ticks, CancellationToken cancellationToken)
    {
        for (var tick = 1; ; tick++)
        {
            var result = await world.Session.Get<ValueStreamCounter>().RunAsync(RuntimeLimiter.OverAfter(CommitsOfATick), cancellationToken: cancellationToken);
            foreach (var status in await world.Session.Get<CountStatusReader>().ReadAsync(cancellationToken: cancellationToken))
                ticks.AddRow(tick.ToString(CultureInfo.InvariantCulture), status.Group.ToString(CultureInfo.InvariantCulture), Position(status), FormattableString.Invariant($"{status.Percent:0.0} %"));
            if (result.Outcome != RunOutcome.TimeUp) return tick;
        }
    }

    private static string Position(GroupStatus status) => status switch
    {
        { FinishedAt: not null } => "complete",
        { PartialNamespaceId: { } large } => FormattableString.Invariant($"metric {status.Metric}, {status.LastCount:N0} rows into namespace {large}"),
        { NamespaceId: { } last } => FormattableString.Invariant($"metric {status.Metric}, after namespace {last}"),
        { Metric: { } metric } => FormattableString.Invariant($"metric {metric}, at its start"),
        _ => "not begun",
    };

    private static Table Ticks()
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle("Where each tick stopped, and the next one went on", new Style(decoration: Decoration.Bold)) };
        return table.AddColumns("tick", "group", "position", "done");
    }

    private static async Task<IReadOnlyList<CountRow>> CountsAsync(DemoWorld world, CancellationToken cancellationToken)
    {
        await using var connection = await world.Session.Database.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<CountRow>(new CommandDefinition(ReadCounts, cancellationToken: cancellationToken))];
    }

    private static async Task<long> TotalAsync(DemoWorld world, CancellationToken cancellationToken)
    {
        await using var connection = await world.Session.Database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(ReadTotals, cancellationToken: cancellationToken));
    }

    private sealed record CountRow(long NamespaceId, short Metric, long Count);
}
