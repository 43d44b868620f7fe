using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Benchmarks.ValueStream;

/// <summary>
/// The original's way of counting issues: one project after the other, in keyset batches, each found by a window and an
/// offset; the loop is the client's, and a group's counts are inserted at its end in slices of 100. Its own statements are not
/// prepared, as behind the transaction pooler that it recommends; whether these are is the data source's matter.
/// </summary>
internal sealed class OriginalCounter(NpgsqlDataSource dataSource)
{
    private const int NamespacePageSize = 300;
    private const int BatchSize = 1000;
    private const int InsertSlice = 100;

    private const string Groups = "SELECT namespace_id FROM value_stream.value_stream_dashboard_aggregations ORDER BY namespace_id";

    private const string Page = """
        SELECT namespaces.id AS namespace_id, projects.id AS project_id
        FROM value_stream.namespaces JOIN value_stream.projects ON projects.project_namespace_id = namespaces.id
        WHERE namespaces.traversal_ids[1] = @group AND namespaces.type = 'Project' AND namespaces.id > @after
        ORDER BY namespaces.id LIMIT @limit
        """;

    private const string Jump = """
        SELECT iid, row_number FROM (
            SELECT iid, row_number() OVER (ORDER BY iid) FROM value_stream.issues WHERE project_id = @project_id AND iid > @after
        ) batch
        ORDER BY iid LIMIT 1 OFFSET @offset
        """;

    private const string Rest = "SELECT count(*) FROM value_stream.issues WHERE project_id = @project_id AND iid > @after";

    private const string Insert = """
        INSERT INTO value_stream.value_stream_dashboard_counts (namespace_id, metric, period_month, count, recorded_at)
        SELECT namespace_id, 2, @month, count, now() FROM unnest(@namespace_ids, @counts) AS found (namespace_id, count)
        """;

    public async Task RunAsync(LocalDate month, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        foreach (var group in await QueryAsync<long>(connection, Groups, new { }, cancellationToken))
        {
            var counts = new List<(long NamespaceId, long Count)>();
            var after = 0L;
            while (true)
            {
                var page = await QueryAsync<(long NamespaceId, long ProjectId)>(connection, Page, new { group, after, limit = NamespacePageSize }, cancellationToken);
                foreach (var (namespaceId, projectId) in page) counts.Add((namespaceId, await CountAsync(connection, projectId, cancellationToken)));
                if (page.Count < NamespacePageSize) break;
                after = page[^1].NamespaceId;
            }

            foreach (var slice in counts.Chunk(InsertSlice))
            {
                var parameters = new { month, namespace_ids = slice.Select(row => row.NamespaceId).ToArray(), counts = slice.Select(row => row.Count).ToArray() };
                await connection.ExecuteAsync(new CommandDefinition(Insert, parameters, cancellationToken: cancellationToken));
            }
        }
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, long projectId, CancellationToken cancellationToken)
    {
        var (count, after) = (0L, 0L);
        while (true)
        {
            var jump = await QueryAsync<(long Iid, long RowNumber)>(connection, Jump, new { project_id = projectId, after, offset = BatchSize - 1 }, cancellationToken);
            if (jump.Count == 0) break;
            (count, after) = (count + jump[0].RowNumber, jump[0].Iid);
        }

        return count + (await QueryAsync<long>(connection, Rest, new { project_id = projectId, after }, cancellationToken))[0];
    }

    private static async Task<List<T>> QueryAsync<T>(NpgsqlConnection connection, string sql, object parameters, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))];
}
