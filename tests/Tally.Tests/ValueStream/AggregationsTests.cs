using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.ValueStream;

public sealed class AggregationsTests(TestDatabase database) : ValueStreamTest(database)
{
    private Aggregations Aggregations => new(Database.DataSource, Microsoft.Extensions.Options.Options.Create(Options), Clock);

    private CountStatusReader Status => new(Database.DataSource, Clock);

    [Fact]
    public async Task An_enabled_group_is_counted_and_a_disabled_one_is_not()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("DELETE FROM value_stream.value_stream_dashboard_aggregations");
        await Aggregations.EnableAsync(1);
        await Aggregations.EnableAsync(900);
        await Aggregations.DisableAsync(1);

        await RunAsync();

        (await CountsAsync()).Keys.ShouldAllBe(key => key.Item1 >= 900);
    }

    [Theory]
    [InlineData(2, "Namespace 2 is no top-level group. Its top-level group takes part with its whole tree.")]
    [InlineData(11, "Namespace 11 is no top-level group. Its top-level group takes part with its whole tree.")]
    [InlineData(5, "There is no namespace 5.")]
    [InlineData(900, "The plan of group 900 is 'free', which does not include value stream counts. ValueStream:LicensedPlans lists those that do: premium,ultimate.")]
    public async Task What_cannot_take_part_is_refused_with_the_reason(long group, string message)
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("UPDATE value_stream.namespaces SET plan = 'free' WHERE id = 900");

        (await Should.ThrowAsync<ValueStreamException>(Aggregations.EnableAsync(group))).Message.ShouldBe(message);
    }

    [Fact]
    public async Task Disabling_a_group_that_takes_no_part_is_refused()
    {
        await ExecuteAsync(FixtureF);

        (await Should.ThrowAsync<ValueStreamException>(Aggregations.DisableAsync(2))).Message.ShouldBe("Group 2 takes no part in value stream counts.");
    }

    [Fact]
    public async Task Reset_makes_a_finished_month_due_again()
    {
        await ExecuteAsync(FixtureF);
        await RunAsync();
        await ExecuteAsync("INSERT INTO value_stream.issues (project_id, iid) VALUES (101, 6)");

        (await Aggregations.ResetAsync(1)).ShouldBeTrue();
        (await Aggregations.ResetAsync(1, new(2024, 4, 1))).ShouldBeFalse();
        (await RunAsync()).GroupsCompleted.ShouldBe(1);

        (await CountsAsync())[(11, 2)].ShouldBe(6);
    }

    [Fact]
    public async Task Status_shows_position_progress_and_lease_of_every_group()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(2);
        await RunAsync(checks: 3);

        var status = await Status.ReadAsync();

        status.Select(row => (row.Group, row.State, row.Metric, row.NamespaceId, row.PartialNamespaceId, row.LastCount, row.Rows, row.Percent)).ShouldBe([
            (1, RunState.Paused, 2, null, 11, 4, 3, 14.3m),
            (900, RunState.Waiting, 1, null, null, null, 0, 0m),
        ]);
        await RunAsync();
        (await Status.ReadAsync()).ShouldAllBe(row => row.State == RunState.Complete && row.Percent == 100 && row.FinishedAt == Clock.GetCurrentInstant());
    }

    [Fact]
    public async Task Status_tells_who_holds_a_group_and_what_failed()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("""
            INSERT INTO value_stream.value_stream_dashboard_runs (top_level_namespace_id, period_month, started_at, lease_owner, lease_until, attempts, last_error, failed_at) VALUES
                (1, '2024-05-01', now(), 'host/1/abc', now() + interval '1 hour', 0, NULL, NULL),
                (900, '2024-05-01', now(), NULL, NULL, 5, 'issues of namespace 910: too slow', now())
            """);

        var status = await Status.ReadAsync();

        (status[0].State, status[0].LeaseOwner).ShouldBe((RunState.Running, "host/1/abc"));
        (status[1].State, status[1].Attempts, status[1].LastError).ShouldBe((RunState.Failed, 5, "issues of namespace 910: too slow"));
    }

    [Fact]
    public async Task A_group_that_no_worker_has_seen_has_no_state()
    {
        await ExecuteAsync(FixtureF);
        await Aggregations.DisableAsync(900);

        var status = await Status.ReadAsync();

        status.Select(row => (row.Group, row.Enabled, row.State)).ShouldBe([(1, true, null), (900, false, null)]);
    }

    [Fact]
    public async Task A_role_without_DDL_can_count_and_add_partitions()
    {
        await ExecuteAsync(FixtureF);
        var role = $"tally_worker_{Guid.NewGuid():N}";
        await ExecuteAsync($"""
            CREATE ROLE {role} LOGIN PASSWORD 'worker';
            GRANT USAGE ON SCHEMA value_stream TO {role};
            GRANT SELECT ON ALL TABLES IN SCHEMA value_stream TO {role};
            GRANT INSERT, UPDATE, DELETE ON value_stream.value_stream_dashboard_aggregations, value_stream.value_stream_dashboard_runs,
                value_stream.value_stream_dashboard_counts TO {role};
            """);
        try
        {
            Clock.Reset(NodaTime.Instant.FromUtc(2041, 1, 15, 0, 0));
            await using var asWorker = TallyDataSource.Create(new NpgsqlConnectionStringBuilder(Database.ConnectionString) { Username = role, Password = "worker" }.ConnectionString);
            var counter = new ValueStreamCounter(asWorker, Options, Clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<ValueStreamCounter>.Instance, CountMetric.All);

            (await counter.RunAsync(new RuntimeLimiter(() => false))).GroupsCompleted.ShouldBe(2);
        }
        finally
        {
            await ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }

        (await QueryAsync<string>("SELECT DISTINCT tableoid::regclass::text FROM value_stream.value_stream_dashboard_counts"))
            .ShouldBe(["value_stream.value_stream_dashboard_counts_204101"]);
    }
}
