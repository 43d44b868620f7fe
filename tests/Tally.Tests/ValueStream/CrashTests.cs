using Npgsql;
using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.ValueStream;

/// <summary>Workers that die: before, in and after every statement that they send.</summary>
public sealed class CrashTests(TestDatabase database) : ValueStreamTest(database)
{
    // Ends the worker's own connection when the n-th row is written, in the middle of the statement that commits a page.
    private const string KillAtRow = """
        CREATE SEQUENCE IF NOT EXISTS value_stream.rows_written;
        ALTER SEQUENCE value_stream.rows_written RESTART;
        CREATE OR REPLACE FUNCTION value_stream.kill_at_row() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('value_stream.rows_written') = TG_ARGV[0]::bigint THEN
                PERFORM pg_terminate_backend(pg_backend_pid());
            END IF;
            RETURN NEW;
        END $$;
        """;

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(26)]
    public async Task Killed_before_a_commit_the_next_run_ends_with_the_same_rows(int checks)
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        await Should.ThrowAsync<NpgsqlException>(RunAsync(KillConnectionAt(checks)));
        await ExpireLeasesAsync();

        await RunUntilDoneAsync(checks: 1_000);

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(20)]
    public async Task Killed_after_a_commit_nothing_is_written_twice(int checks)
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        await Should.ThrowAsync<InvalidOperationException>(RunAsync(DieAt(checks)));
        var before = await QueryAsync<string>("SELECT row(counts.*)::text FROM value_stream.value_stream_dashboard_counts counts");
        await ExpireLeasesAsync();
        Clock.AdvanceHours(1);

        await RunUntilDoneAsync(checks: 1_000);

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
        before.ShouldBeSubsetOf(await QueryAsync<string>("SELECT row(counts.*)::text FROM value_stream.value_stream_dashboard_counts counts"));
    }

    [Fact]
    public async Task Killed_in_the_middle_of_a_page_nothing_of_it_is_there()
    {
        await ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type) VALUES (1, 'Group');
            INSERT INTO value_stream.namespaces (id, type, parent_id) SELECT 1000 + n, 'Project', 1 FROM generate_series(1, 250) n;
            INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) SELECT n, 1, 1000 + n FROM generate_series(1, 250) n;
            INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) VALUES (1);
            """);
        // One row of the first metric, then a page of 250.
        await KillAtRowAsync(101);
        await Should.ThrowAsync<NpgsqlException>(RunAsync());

        (await CountsAsync()).Count.ShouldBe(1);
        (await RunOfAsync(1)).RowsCounted.ShouldBe(1);
        await ExpireLeasesAsync();
        await RunAsync();
        (await CountsAsync()).Count.ShouldBe(3 + (3 * 250));
    }

    [Fact]
    public async Task Killed_while_the_last_page_is_committed_neither_the_run_nor_the_group_counts_as_done()
    {
        await ExecuteAsync(FixtureF);
        await KillAtRowAsync(21);

        await Should.ThrowAsync<NpgsqlException>(RunAsync());

        (await RunOfAsync(1)).FinishedAt.ShouldBeNull();
        (await QueryAsync<bool>("SELECT last_run_at IS NULL FROM value_stream.value_stream_dashboard_aggregations WHERE namespace_id = 1")).ShouldBe([true]);
        (await CountsAsync()).Keys.ShouldNotContain((1L, (short)6));
    }

    [Fact]
    public async Task Killed_at_every_row_in_turn_the_rows_are_those_of_an_undisturbed_run()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(2, pageSize: 3);
        for (var row = 1; row <= 7; row++)
        {
            await KillAtRowAsync(row);
            await Should.ThrowAsync<NpgsqlException>(RunAsync());
            await ExpireLeasesAsync();
        }

        await KillAtRowAsync(0);
        await RunUntilDoneAsync(checks: 1_000);

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public async Task A_killed_workers_group_waits_until_its_lease_has_run_out()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(1);
        await Should.ThrowAsync<InvalidOperationException>(RunAsync(DieAt(2)));

        var result = await RunAsync();

        result.ShouldBe(new(RunOutcome.LeaseHeldElsewhere, GroupsCompleted: 1, GroupsFailing: 0, Rows: 6));
        (await RunAsync()).Outcome.ShouldBe(RunOutcome.LeaseHeldElsewhere);
        await ExpireLeasesAsync();
        (await RunAsync()).GroupsCompleted.ShouldBe(1);
    }

    private async Task KillAtRowAsync(int row)
    {
        await ExecuteAsync(KillAtRow);
        await ExecuteAsync($"""
            CREATE OR REPLACE TRIGGER kill_at_row BEFORE INSERT ON value_stream.value_stream_dashboard_counts
            FOR EACH ROW EXECUTE FUNCTION value_stream.kill_at_row('{row}')
            """);
    }

    private Task ExpireLeasesAsync() => ExecuteAsync("UPDATE value_stream.value_stream_dashboard_runs SET lease_until = '-infinity' WHERE lease_until IS NOT NULL");

    private RuntimeLimiter KillConnectionAt(int checks)
    {
        var asked = 0;
        return new RuntimeLimiter(() =>
        {
            if (asked++ == checks) ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").Wait();
            return false;
        });
    }

    private static RuntimeLimiter DieAt(int checks)
    {
        var asked = 0;
        return new RuntimeLimiter(() => asked++ == checks ? throw new InvalidOperationException("The worker dies here.") : false);
    }
}
