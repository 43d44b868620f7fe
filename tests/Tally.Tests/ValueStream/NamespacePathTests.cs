using Npgsql;
using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.ValueStream;

/// <summary>The path of a namespace equals the chain of its parents, whatever happened to the tree.</summary>
public sealed class NamespacePathTests(TestDatabase database) : ValueStreamTest(database)
{
    [Theory]
    [InlineData("(9, 'Group', NULL), (5, 'Group', 9), (2, 'Group', 5), (1, 'Project', 2)")]
    [InlineData("(1, 'Project', 2), (2, 'Group', 5), (5, 'Group', 9), (9, 'Group', NULL)")]
    [InlineData("(2, 'Group', 5), (9, 'Group', NULL), (1, 'Project', 2), (5, 'Group', 9)")]
    public async Task A_load_in_any_order_gives_the_chain_of_parents(string rows)
    {
        await ExecuteAsync($"INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES {rows}");
        await PathsShouldBeAsync("1: 9 5 2 1", "2: 9 5 2", "5: 9 5", "9: 9");

        await ExecuteAsync("DELETE FROM value_stream.namespaces");
        foreach (var row in rows.Split("), ")) await ExecuteAsync($"INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES {row.TrimEnd(')')})");
        await PathsShouldBeAsync("1: 9 5 2 1", "2: 9 5 2", "5: 9 5", "9: 9");
    }

    [Fact]
    public async Task A_copy_whose_children_have_smaller_ids_than_their_parents_is_counted_whole()
    {
        await using (var connection = await Database.DataSource.OpenConnectionAsync())
        await using (var copy = await connection.BeginTextImportAsync("COPY value_stream.namespaces (id, type, parent_id) FROM STDIN"))
            await copy.WriteAsync("1\tProject\t2\n2\tGroup\t7\n7\tGroup\t\\N\n");
        await ExecuteAsync("""
            INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) VALUES (100, 2, 1);
            INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) VALUES (7);
            """);

        (await RunAsync()).Rows.ShouldBe((3 * 2) + 3);
    }

    [Fact]
    public async Task A_group_that_moves_takes_its_tree_to_the_new_parent()
    {
        await ExecuteAsync(FixtureF);

        await ExecuteAsync("UPDATE value_stream.namespaces SET parent_id = 900 WHERE id = 2");

        await PathsShouldBeAsync("1: 1", "2: 900 2", "3: 900 2 3", "11: 1 11", "12: 900 2 12", "13: 900 2 13", "14: 900 2 3 14", "900: 900", "910: 900 910");
    }

    [Fact]
    public async Task A_group_that_has_moved_below_another_is_counted_with_its_new_tree_and_not_as_its_own()
    {
        await ExecuteAsync(FixtureF);
        UseBatchSize(2);
        await RunAsync(checks: 3);

        await ExecuteAsync("UPDATE value_stream.namespaces SET parent_id = 900 WHERE id = 1");
        var result = await RunAsync();

        (result.Outcome, result.GroupsCompleted).ShouldBe((RunOutcome.Completed, 1));
        (await RunOfAsync(1)).FinishedAt.ShouldBeNull();
        (await RunOfAsync(900)).RowsCounted.ShouldBe(27);
    }

    [Fact]
    public async Task Two_namespaces_change_places_in_one_statement()
    {
        await ExecuteAsync("INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES (1, 'Group', NULL), (2, 'Group', 1), (3, 'Group', 2)");

        await ExecuteAsync("UPDATE value_stream.namespaces SET parent_id = CASE id WHEN 1 THEN 2 END WHERE id IN (1, 2)");

        await PathsShouldBeAsync("1: 2 1", "2: 2", "3: 2 3");
    }

    [Fact]
    public async Task A_path_that_somebody_writes_is_put_right()
    {
        await ExecuteAsync("INSERT INTO value_stream.namespaces (id, type, parent_id, traversal_ids) VALUES (2, 'Group', 1, '{7,2}'), (1, 'Group', NULL, '{8,1}')");
        await PathsShouldBeAsync("1: 1", "2: 1 2");

        await ExecuteAsync("UPDATE value_stream.namespaces SET traversal_ids = '{9,2}' WHERE id = 2");

        await PathsShouldBeAsync("1: 1", "2: 1 2");
    }

    [Fact]
    public async Task Without_its_parent_a_namespace_begins_its_own_path_and_finds_back_when_the_parent_returns()
    {
        await ExecuteAsync(FixtureF);

        await ExecuteAsync("DELETE FROM value_stream.namespaces WHERE id = 2");
        await PathsShouldBeAsync("1: 1", "3: 3", "11: 1 11", "12: 12", "13: 13", "14: 3 14", "900: 900", "910: 900 910");

        await ExecuteAsync("INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES (2, 'Group', 1)");
        await PathsShouldBeAsync("1: 1", "2: 1 2", "3: 1 2 3", "11: 1 11", "12: 1 2 12", "13: 1 2 13", "14: 1 2 3 14", "900: 900", "910: 900 910");
    }

    [Fact]
    public async Task A_namespace_that_is_renumbered_is_left_by_its_children()
    {
        await ExecuteAsync("INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES (1, 'Group', NULL), (2, 'Group', 1), (3, 'Group', 5)");

        await ExecuteAsync("UPDATE value_stream.namespaces SET id = 5 WHERE id = 1");

        await PathsShouldBeAsync("2: 2", "3: 5 3", "5: 5");
    }

    [Theory]
    [InlineData("SELECT 100001 - n, 'Group', CASE WHEN n > 1 THEN 100001 - n / 2 END FROM generate_series(1, 2000) n ORDER BY n DESC")]
    [InlineData("SELECT n, 'Project', 100000 FROM generate_series(1, 2000) n UNION ALL SELECT 100000, 'Group', NULL")]
    public async Task A_load_that_brings_children_first_reads_each_namespace_a_few_times_and_not_all_of_them_for_each(string rows)
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync($"INSERT INTO value_stream.namespaces (id, type, parent_id) {rows}");

        (await ExecuteAsync("SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = 'value_stream.namespaces'::regclass")).ShouldBeLessThan(2000 * 200);

        async Task<long> ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 120 };
            return await command.ExecuteScalarAsync() is long number ? number : 0;
        }
    }

    [Fact]
    public async Task A_tree_of_two_hundred_levels_moves_as_one()
    {
        await ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type, parent_id) SELECT n, 'Group', nullif(n + 1, 201) FROM generate_series(1, 200) n;
            INSERT INTO value_stream.namespaces (id, type) VALUES (2000, 'Group');
            UPDATE value_stream.namespaces SET parent_id = 2000 WHERE id = 200;
            """);

        (await QueryAsync<int>("SELECT cardinality(traversal_ids) FROM value_stream.namespaces WHERE id = 1")).ShouldBe([201]);
    }

    [Theory]
    [InlineData("UPDATE value_stream.namespaces SET parent_id = 3 WHERE id = 1", 1, 2, 3)]
    [InlineData("UPDATE value_stream.namespaces SET parent_id = 1 WHERE id = 1", 1)]
    [InlineData("INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES (20, 'Group', 21), (21, 'Group', 20)", 20, 21)]
    [InlineData("INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES (30, 'Group', 31), (31, 'Group', 32), (32, 'Group', 31)", 31, 32)]
    public async Task A_cycle_is_refused_with_its_ids(string sql, params int[] ids)
    {
        await ExecuteAsync(FixtureF);

        var message = (await Should.ThrowAsync<PostgresException>(ExecuteAsync(sql))).MessageText;

        message.ShouldEndWith("are parents of each other in a circle. Give one of them another parent_id.");
        message["Namespaces ".Length..message.IndexOf(" are", StringComparison.Ordinal)].Split(", ").Select(int.Parse).Order().ShouldBe(ids);
        (await QueryAsync<int>("SELECT count(*) FROM value_stream.namespaces")).ShouldBe([9]);
    }

    [Fact]
    public async Task Two_moves_at_once_that_would_close_a_circle_come_one_after_the_other_and_the_second_is_refused()
    {
        await ExecuteAsync("INSERT INTO value_stream.namespaces (id, type) VALUES (1, 'Group'), (2, 'Group')");
        await using var first = await Database.DataSource.OpenConnectionAsync();
        await using var transaction = await first.BeginTransactionAsync();
        await using (var move = new NpgsqlCommand("UPDATE value_stream.namespaces SET parent_id = 2 WHERE id = 1", first, transaction)) await move.ExecuteNonQueryAsync();

        var second = ExecuteAsync("UPDATE value_stream.namespaces SET parent_id = 1 WHERE id = 2");
        await Eventually.HoldsAsync(async () => (await QueryAsync<int>("SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"))[0] == 1, "the second move waits for the first");
        await transaction.CommitAsync();

        (await Should.ThrowAsync<PostgresException>(second)).MessageText.ShouldContain("in a circle");
        await PathsShouldBeAsync("1: 2 1", "2: 2");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task After_any_statements_every_path_is_the_chain_of_parents(int seed)
    {
        var random = new Random(seed);
        for (var step = 0; step < 60; step++)
        {
            var sql = random.Next(4) switch
            {
                0 => $"DELETE FROM value_stream.namespaces WHERE id = {random.Next(1, 25)} OR id % 11 = {random.Next(30)}",
                1 => $"UPDATE value_stream.namespaces SET parent_id = nullif({random.Next(25)}, 0) WHERE id % 5 = {random.Next(5)}",
                _ => "INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES "
                    + string.Join(", ", Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(1, 25)).Distinct().Select(id => $"({id}, 'Group', nullif({random.Next(25)}, 0))"))
                    + " ON CONFLICT (id) DO UPDATE SET parent_id = EXCLUDED.parent_id",
            };
            try
            {
                await ExecuteAsync(sql);
            }
            catch (PostgresException exception) when (exception.MessageText.Contains("in a circle", StringComparison.Ordinal))
            {
                continue;
            }

            var rows = await QueryAsync<(long Id, long? Parent, long[] Path)>("SELECT id, parent_id, traversal_ids FROM value_stream.namespaces");
            var parents = rows.ToDictionary(row => row.Id, row => row.Parent);
            rows.ShouldAllBe(row => row.Path.SequenceEqual(Chain(row.Id, parents)), $"after {sql}");
        }
    }

    [Fact]
    public async Task A_report_says_whether_a_tree_is_broken_or_empty()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync("""
            INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES (50, 'Group', NULL), (60, 'Group', 61), (62, 'Project', 60);
            INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) VALUES (162, 60, 62), (170, 3, 70);
            """);

        (await TreeOfAsync(900, CountMetric.Issues)).ShouldBe((TreeState.Whole, null));
        (await TreeOfAsync(50, CountMetric.Issues)).ShouldBe((TreeState.Empty, null));
        (await TreeOfAsync(60, CountMetric.Issues)).ShouldBe((TreeState.Broken, 61));
        (await TreeOfAsync(62, CountMetric.Issues)).ShouldBe((TreeState.Broken, 61));
        (await TreeOfAsync(1, CountMetric.Issues)).ShouldBe((TreeState.Broken, 70));
        (await TreeOfAsync(1, CountMetric.Groups)).ShouldBe((TreeState.Whole, null));
    }

    private async Task<(TreeState, long?)> TreeOfAsync(long id, CountMetric metric)
    {
        var answer = await new CountReader(Database.DataSource).ReadAsync(id, metric, new(2024, 5, 1), new(2024, 5, 31));
        return (answer.Tree, answer.MissingNamespaceId);
    }

    private static IEnumerable<long> Chain(long id, Dictionary<long, long?> parents) =>
        (parents[id] is { } parent && parents.ContainsKey(parent) ? Chain(parent, parents) : []).Append(id);

    private async Task PathsShouldBeAsync(params string[] paths) =>
        (await QueryAsync<string>("SELECT id || ': ' || array_to_string(traversal_ids, ' ') FROM value_stream.namespaces ORDER BY id")).ShouldBe(paths);
}
