using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using NodaTime.Testing;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.ValueStream;

/// <summary>Tests over an empty value stream schema: what they count, how they run a count, what they find afterwards.</summary>
public abstract class ValueStreamTest(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    /// <summary>Two groups: A with subgroups and four projects, Z with one. 27 counts in all.</summary>
    protected const string FixtureF = """
        INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES
            (1, 'Group', NULL), (2, 'Group', 1), (3, 'Group', 2), (900, 'Group', NULL),
            (11, 'Project', 1), (12, 'Project', 2), (13, 'Project', 2), (14, 'Project', 3), (910, 'Project', 900);
        INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) VALUES
            (101, 1, 11), (102, 2, 12), (103, 2, 13), (104, 3, 14), (190, 900, 910);
        INSERT INTO value_stream.issues (project_id, iid) VALUES
            (101, 1), (101, 2), (101, 3), (101, 4), (101, 5), (104, 7), (190, 1), (190, 2), (190, 3);
        INSERT INTO value_stream.merge_requests (target_project_id, iid) VALUES (104, 1), (104, 2);
        INSERT INTO value_stream.pipelines (project_id, id) VALUES (101, 1), (101, 2), (101, 3);
        INSERT INTO value_stream.members (source_id, user_id, invite_token, requested_at) VALUES
            (1, 1, NULL, NULL), (1, NULL, 'token', NULL), (1, 2, NULL, now()), (2, 1, NULL, NULL), (2, 3, NULL, NULL);
        INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) VALUES (1), (900);
        """;

    /// <summary>What a complete count of <see cref="FixtureF"/> holds: (namespace, metric) and count.</summary>
    protected static IReadOnlyDictionary<(long, short), long> CountsOfF { get; } = new Dictionary<(long, short), long>
    {
        [(1, 1)] = 1, [(2, 1)] = 2, [(3, 1)] = 1,
        [(11, 2)] = 5, [(12, 2)] = 0, [(13, 2)] = 0, [(14, 2)] = 1,
        [(1, 3)] = 1, [(2, 3)] = 1, [(3, 3)] = 0,
        [(11, 4)] = 0, [(12, 4)] = 0, [(13, 4)] = 0, [(14, 4)] = 2,
        [(11, 5)] = 3, [(12, 5)] = 0, [(13, 5)] = 0, [(14, 5)] = 0,
        [(1, 6)] = 1, [(2, 6)] = 2, [(3, 6)] = 0,
        [(900, 1)] = 1, [(910, 2)] = 3, [(900, 3)] = 0, [(910, 4)] = 0, [(910, 5)] = 0, [(900, 6)] = 0,
    };

    protected TestDatabase Database => database;

    protected FakeClock Clock { get; } = new(Instant.FromUtc(2024, 5, 20, 12, 0));

    protected ValueStreamOptions Options { get; } = new();

    public Task InitializeAsync() => ExecuteAsync("""
        TRUNCATE value_stream.namespaces, value_stream.projects, value_stream.issues, value_stream.merge_requests,
            value_stream.pipelines, value_stream.members, value_stream.value_stream_dashboard_counts CASCADE
        """);

    public virtual Task DisposeAsync() => Task.CompletedTask;

    /// <summary>Sets the sizes so small that the fixture takes many pages, caps and batches.</summary>
    protected void UseBatchSize(int size, int pageSize = 1)
    {
        Options.NamespacePageSize = pageSize;
        Options.CountCap = size;
        Options.CountBatchSize = size;
    }

    private protected Task<CountResult> RunAsync() => RunAsync(new RuntimeLimiter(() => false));

    private protected Task<CountResult> RunAsync(int checks) => RunAsync(RuntimeLimiter.OverAfter(checks));

    private protected Task<CountResult> RunAsync(RuntimeLimiter limiter, CancellationToken cancellationToken = default) =>
        NewCounter().RunAsync(limiter, cancellationToken: cancellationToken);

    private protected ValueStreamCounter NewCounter() =>
        new(database.DataSource, Options, Clock, NullLogger<ValueStreamCounter>.Instance, CountMetric.All);

    /// <summary>Runs with <paramref name="checks"/> checks per run until nothing is due; the number of runs that took.</summary>
    protected async Task<int> RunUntilDoneAsync(int checks)
    {
        for (var runs = 1; runs < 10_000; runs++)
        {
            if ((await RunAsync(checks)).Outcome is RunOutcome.Completed or RunOutcome.NothingDue) return runs;
        }

        throw new InvalidOperationException("The count does not end.");
    }

    /// <summary>Every stored count, of every month.</summary>
    protected async Task<IReadOnlyDictionary<(long, short), long>> CountsAsync() =>
        (await QueryAsync<(long Namespace, short Metric, long Count)>(
            "SELECT namespace_id, metric, count FROM value_stream.value_stream_dashboard_counts"))
        .ToDictionary(row => (row.Namespace, row.Metric), row => row.Count);

    private protected async Task<CountRunRow> RunOfAsync(long group) =>
        (await QueryAsync<CountRunRow>($"SELECT * FROM value_stream.value_stream_dashboard_runs WHERE top_level_namespace_id = {group}")).Single();

    protected async Task ExecuteAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }

    protected async Task<IReadOnlyList<T>> QueryAsync<T>(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<T>(sql)];
    }

    private protected sealed record CountRunRow
    {
        public LocalDate PeriodMonth { get; init; }
        public short Metric { get; init; }
        public long? NamespaceId { get; init; }
        public long? PartialNamespaceId { get; init; }
        public long? LastCount { get; init; }
        public long? LastValue { get; init; }
        public long RowsCounted { get; init; }
        public string? LeaseOwner { get; init; }
        public long Fence { get; init; }
        public int Attempts { get; init; }
        public string? LastError { get; init; }
        public Instant? StartedAt { get; init; }
        public Instant? FinishedAt { get; init; }
        public Instant? FailedAt { get; init; }
    }
}
