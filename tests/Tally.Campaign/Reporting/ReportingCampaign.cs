using Dapper;
using Npgsql;
using Tally.Campaign.Servers;
using Tally.Database;
using Tally.Reporting.Days;
using Tally.Reporting.Poison;

namespace Tally.Campaign.Reporting;

/// <summary>Events of many accounts through several hosts, while operators do what they do and everything breaks.</summary>
internal sealed class ReportingCampaign(CampaignSettings settings, Action<string> progress)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public async Task<Verdict> RunAsync(CancellationToken cancellationToken)
    {
        var load = ReportingLoad.Of(settings);
        var plan = Operation.Plan(settings, load);
        await using var database = await DatabaseServer.StartAsync(settings, cancellationToken);
        await using var storage = await StorageServer.StartAsync(settings.Folder, cancellationToken);
        await using var product = new ProductServices(database, storage);
        var operators = new Operators(settings, product);
        await operators.MakeAccountsAsync(cancellationToken);
        var traffic = new Traffic(storage, QueueNames.ReportingEvents, load.Messages);
        var survival = await new UnderFire(settings, database, storage, progress).RunAsync(
            HostSettings(), traffic, [traffic.SendAsync, token => operators.RunAsync(plan, traffic, token)], [traffic.WatchAsync], token => SettledAsync(database, traffic, token),
            () => FormattableString.Invariant($"{traffic.Accepted:#,0} of {traffic.Count:#,0} messages sent, {traffic.Waiting:#,0} wait, {operators.Done.Count} of {plan.Count} operations done"), cancellationToken);

        var verdict = new Verdict();
        verdict.Count("messages sent", load.Messages.Count, $"{load.Messages.Sum(message => message.Events.Count):#,0} events of {settings.Accounts} accounts");
        verdict.Count("sent again as they were", load.Repeated);
        verdict.Count("sent with another event's id", load.InConflict);
        await using var source = TallyDataSource.Create(database.Direct);
        var judge = new ReportingJudge(settings, load, operators.Done);
        await judge.JudgeAsync(source, verdict, cancellationToken);
        await new PoisonJudge(load, operators.Done, source, storage.Direct, product.Get<PoisonLog>()).JudgeAsync(verdict, cancellationToken);
        await VerifyAsync(source, product, judge, verdict, cancellationToken);
        verdict.Count("operations meanwhile", operators.Done.Count, string.Join(", ", operators.Done.CountBy(operation => operation.GetType().Name).Select(kind => $"{kind.Value} {kind.Key}")));
        survival.Report(verdict);
        return verdict;
    }

    // Waits that are short, so that what fails comes again soon. A message still has eight tries, and a try its 75 seconds.
    private Dictionary<string, string> HostSettings()
    {
        var timers = new Dictionary<string, string> { ["ReconcileSchedule"] = "*/20 * * * * *", ["FinishWorkSchedule"] = "10/20 * * * * *" };
        return settings.Outage > TimeSpan.Zero ? timers : new(timers)
        {
            ["LocalHost__InvisibilityTimeout"] = TimeSpan.FromSeconds(Math.Max(5, (int)settings.LongestStop.TotalSeconds * 2)).ToString("c"),
            ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:02",
        };
    }

    /// <summary>Returns when the queues are empty, no day waits to be rebuilt, and both is still so a little later.</summary>
    private static async Task SettledAsync(DatabaseServer database, Traffic traffic, CancellationToken cancellationToken)
    {
        for (var quiet = 0; quiet < 3;)
        {
            await Task.Delay(Look, cancellationToken);
            var waiting = await Task.WhenAll(QueueNames.All.Select(queue => traffic.TryCountAsync(queue, cancellationToken)));
            quiet = waiting.All(count => count == 0) && await Again.UntilDoneAsync(() => CountOwedAsync(database, cancellationToken), cancellationToken) == 0 ? quiet + 1 : 0;
        }
    }

    private static async Task<long> CountOwedAsync(DatabaseServer database, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(database.Direct);
        await connection.OpenAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(
            "SELECT (SELECT count(*) FROM reporting.reporting_days WHERE state = 'dirty') + (SELECT count(*) FROM reporting.erased_accounts WHERE ended_at IS NULL)");
    }

    /// <summary>The product's own verification, which must come to what the judge came to; and what its timer found meanwhile.</summary>
    private static async Task VerifyAsync(NpgsqlDataSource source, ProductServices product, ReportingJudge judge, Verdict verdict, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var differing = 0L;
        foreach (var account in await connection.QueryAsync<long>("SELECT id FROM reporting.accounts ORDER BY id"))
            differing += (await Again.UntilDoneAsync(() => product.Get<RollupVerifier>().VerifyAsync(account, cancellationToken: cancellationToken), cancellationToken)).RowsDiffering;
        verdict.Count("rows that verify finds differing", differing);
        verdict.MustBeNone("verify disagrees with the judge", differing > 0 == judge.FoundDrift ? [] : [$"verify finds {differing} rows, and the judge {(judge.FoundDrift ? "some" : "none")}."]);
        verdict.MustBeNone("drift that reconcile found meanwhile", [.. await connection.QueryAsync<string>("SELECT to_jsonb(d)::text FROM reporting.rollup_drift d ORDER BY found_at LIMIT 100")]);
    }
}
