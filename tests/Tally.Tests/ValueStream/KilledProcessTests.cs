using System.Diagnostics;
using Shouldly;
using Tally.Cli;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.ValueStream;

/// <summary>A worker process that is killed outright, again and again.</summary>
public sealed class KilledProcessTests(TestDatabase database) : ValueStreamTest(database)
{
    private const int Projects = 600;

    [Fact]
    public async Task Killed_at_random_points_until_done_the_counts_are_those_of_an_undisturbed_run()
    {
        await ExecuteAsync($"""
            INSERT INTO value_stream.namespaces (id, type) VALUES (1, 'Group'), (2, 'Group');
            INSERT INTO value_stream.namespaces (id, type, parent_id) SELECT 1000 + n, 'Project', 1 + n % 2 FROM generate_series(1, {Projects}) n;
            INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) SELECT n, 1 + n % 2, 1000 + n FROM generate_series(1, {Projects}) n;
            INSERT INTO value_stream.issues (project_id, iid) SELECT project, n FROM generate_series(1, {Projects}) project CROSS JOIN generate_series(1, project % 7) n;
            INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) VALUES (1), (2);
            """);
        // Which points is the scheduler's choice; that there is work before and behind each of them is not. A kill comes late on a busy machine: 400 rows are left to the last.
        foreach (var rows in (int[])[1, 300, 640, 1_110, 1_400])
        {
            using var worker = StartWorker();
            await Eventually.HoldsAsync(async () => await RowsAsync() >= rows, $"the worker has written {rows} rows");
            worker.Kill();
            await worker.WaitForExitAsync();
            (await RowsAsync()).ShouldBeLessThan(3 * (2 + Projects));
            await ExecuteAsync("UPDATE value_stream.value_stream_dashboard_runs SET lease_until = '-infinity' WHERE lease_until IS NOT NULL");
        }

        using var last = StartWorker();
        await Eventually.ComesAsync(last.WaitForExitAsync(), "the last worker is done");

        last.ExitCode.ShouldBe(0);
        var counts = await CountsAsync();
        counts.Count.ShouldBe(3 * (2 + Projects));
        counts.Where(count => count.Key.Item2 == 2).ShouldAllBe(count => count.Value == (count.Key.Item1 - 1000) % 7);
        counts[(1, 1)].ShouldBe(Projects / 2);
        (await QueryAsync<bool>("SELECT bool_and(finished_at IS NOT NULL) FROM value_stream.value_stream_dashboard_runs")).ShouldBe([true]);
    }

    private async Task<long> RowsAsync() => (await QueryAsync<long>("SELECT count(*) FROM value_stream.value_stream_dashboard_counts"))[0];

    private Process StartWorker()
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(CommandLine).Assembly.Location, "counts", "run"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ConnectionStrings__Tally"] = Database.ConnectionString;
        // A commit for each namespace, so that there are many points to be killed at.
        start.Environment["ValueStream__NamespacePageSize"] = "1";
        start.Environment["ValueStream__CountCap"] = "3";
        start.Environment["ValueStream__CountBatchSize"] = "3";
        var worker = Process.Start(start)!;
        worker.BeginOutputReadLine();
        worker.BeginErrorReadLine();
        return worker;
    }
}
