using Dapper;
using Npgsql;
using Tally.Campaign.Servers;
using Tally.Scheduling;
using Tally.ValueStream;

namespace Tally.Campaign.ValueStream;

/// <summary>
/// Trees are counted in tiny pages, by the timer of the hosts and by two workers of tiny budgets; some of them grow and move
/// meanwhile, and all are begun again and again. A tree that stands still is counted right at any time, the others in the end.
/// </summary>
internal sealed class CountsCampaign(CampaignSettings settings, Action<string> progress)
{
    private const int Workers = 2;

    private bool _resetForTheLastTime;

    private static readonly Dictionary<string, string> HostSettings = new()
    {
        ["ValueStreamSchedule"] = "*/3 * * * * *",
        ["ValueStream__NamespacePageSize"] = "3",
        ["ValueStream__CountCap"] = "20",
        ["ValueStream__CountBatchSize"] = "7",
        ["ValueStream__TurnPages"] = "4",
        ["ValueStream__StatementTimeout"] = "00:00:05",
        ["ValueStream__MaxRuntime"] = "00:00:12",
    };

    public async Task<Verdict> RunAsync(CancellationToken cancellationToken)
    {
        var trees = new GrowingTrees(settings);
        await using var database = await DatabaseServer.StartAsync(settings, cancellationToken);
        await using var storage = await StorageServer.StartAsync(settings.Folder, cancellationToken);
        await using var product = new ProductServices(database, storage, HostSettings);
        await trees.LoadAsync(database.Direct, cancellationToken);
        foreach (var group in trees.Groups) await product.Get<Aggregations>().EnableAsync(group, cancellationToken);

        var writers = new Writers(database, trees.Changes);
        var (turns, resets) = (0, 0);
        var survival = await new UnderFire(settings, database, storage, progress).RunAsync(
            HostSettings, writers, [writers.RunAsync], [.. Enumerable.Range(0, Workers).Select<int, Func<CancellationToken, Task>>(worker => token => CountAsync(worker, token)), ResetAsync],
            SettledAsync, () => FormattableString.Invariant($"{writers.Made:#,0} of {writers.Count:#,0} changes made, {turns} turns of workers, {resets} counts begun again"), cancellationToken);

        var verdict = new Verdict();
        verdict.Count("changes of trees", writers.Count, $"{trees.Groups.Count} top-level groups, {trees.Still.Count} of them still");
        verdict.Count("turns of workers with tiny budgets", turns, $"beside {settings.Hosts} hosts with a timer");
        verdict.Count("counts begun again", resets);
        await new CountsJudge(trees).JudgeAsync(database.Direct, verdict, cancellationToken);
        survival.Report(verdict);
        return verdict;

        async Task CountAsync(int worker, CancellationToken token)
        {
            var random = settings.RandomFor($"worker {worker}");
            while (!token.IsCancellationRequested)
            {
                await Again.UntilDoneAsync(() => product.Get<ValueStreamCounter>().RunAsync(RuntimeLimiter.OverAfter(random.Next(6)), cancellationToken: token), token);
                Interlocked.Increment(ref turns);
                await Task.Delay(random.Next(200), token);
            }
        }

        async Task ResetAsync(CancellationToken token)
        {
            var random = settings.RandomFor("resets");
            while (writers.Made < writers.Count)
            {
                await Task.Delay(random.Next(2_000), token);
                var group = trees.Groups[random.Next(trees.Groups.Count)];
                await Again.UntilDoneAsync(() => product.Get<Aggregations>().ResetAsync(group, cancellationToken: token), token);
                resets++;
            }

            // What grew is counted once more now that it stands; what stood still keeps the count that it has.
            foreach (var group in trees.Groups.Except(trees.Still)) await Again.UntilDoneAsync(() => product.Get<Aggregations>().ResetAsync(group, cancellationToken: token), token);
            Volatile.Write(ref _resetForTheLastTime, true);
            await Task.Delay(Timeout.Infinite, token);
        }

        async Task SettledAsync(CancellationToken token)
        {
            while (!Volatile.Read(ref _resetForTheLastTime) || await Again.UntilDoneAsync(() => CountOpenAsync(database, token), token) > 0) await Task.Delay(500, token);
        }
    }

    private static async Task<long> CountOpenAsync(DatabaseServer database, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(database.Direct);
        await connection.OpenAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
            """
            SELECT count(*) FROM value_stream.value_stream_dashboard_aggregations a
            WHERE NOT EXISTS (SELECT FROM value_stream.value_stream_dashboard_runs r WHERE r.top_level_namespace_id = a.namespace_id AND r.finished_at IS NOT NULL)
            """);
    }
}
