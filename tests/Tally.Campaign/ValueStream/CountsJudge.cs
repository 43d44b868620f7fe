using Dapper;
using Npgsql;

namespace Tally.Campaign.ValueStream;

/// <summary>Holds the counts against the trees as their owner knows them: every namespace, every metric.</summary>
internal sealed class CountsJudge(GrowingTrees trees)
{
    // As the table numbers them.
    private static readonly string[] Metrics = ["projects", "issues", "groups", "merge_requests", "pipelines", "direct_members"];

    public async Task JudgeAsync(string database, Verdict verdict, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(cancellationToken);
        var found = (await connection.QueryAsync<(long Namespace, short Metric, long Count)>("SELECT namespace_id, metric, count FROM value_stream.value_stream_dashboard_counts"))
            .ToDictionary(row => (row.Namespace, Metric: Metrics[row.Metric - 1]), row => row.Count);
        var expected = Expected();
        var failed = await connection.QueryAsync<string>("SELECT to_jsonb(r)::text FROM value_stream.value_stream_dashboard_runs r WHERE failed_at IS NOT NULL OR finished_at IS NULL");

        verdict.Count("counts", found.Count, $"of {trees.Parents.Count} namespaces; {found.Values.Sum():#,0} things");
        verdict.MustBeNone("lost", [.. expected.Where(row => found.GetValueOrDefault(row.Key) < row.Value).Select(row => Describe(row.Key, row.Value, found))]);
        verdict.MustBeNone("doubled", [.. found.Where(row => row.Value > expected.GetValueOrDefault(row.Key)).Select(row => Describe(row.Key, expected.GetValueOrDefault(row.Key), found))]);
        verdict.MustBeNone("namespaces without a count", [.. expected.Keys.Except(found.Keys).Select(key => $"{key.Metric} of namespace {key.Namespace}")]);
        verdict.MustBeNone("groups given up", [.. failed]);
    }

    private static string Describe((long Namespace, string Metric) key, long expected, Dictionary<(long, string), long> found) =>
        $"{key.Metric} of namespace {key.Namespace}: {expected} expected, {(found.TryGetValue(key, out var count) ? count : "none")} found.";

    private Dictionary<(long Namespace, string Metric), long> Expected()
    {
        var expected = new Dictionary<(long Namespace, string Metric), long>();
        foreach (var id in trees.Parents.Keys)
        {
            if (trees.Projects.TryGetValue(id, out var things))
            {
                foreach (var kind in new[] { "issues", "merge_requests", "pipelines" }) expected[(id, kind)] = things.GetValueOrDefault(kind);
                continue;
            }

            var children = trees.Parents.Where(pair => pair.Value == id).Select(pair => pair.Key).ToList();
            expected[(id, "projects")] = children.Count(trees.Projects.ContainsKey);
            expected[(id, "groups")] = children.Count(child => !trees.Projects.ContainsKey(child));
            expected[(id, "direct_members")] = trees.Members.GetValueOrDefault(id);
        }

        return expected;
    }
}
