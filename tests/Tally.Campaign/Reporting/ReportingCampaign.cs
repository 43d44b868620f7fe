using Dapper;
using Npgsql;
using Tally.Campaign.Faults;
using Tally.Campaign.Servers;
using Tally.Database;
using Tally.Reporting.Days;

namespace Tally.Campaign.Reporting;

/// <summary>Events of many accounts through several hosts, while operators do what they do and everything breaks.</summary>
internal sealed class ReportingCampaign(CampaignSettings settings, Action<string> progress)
{
    // Waits that are short, so that what fails comes again soon. A message still has eight tries, and a try its 75 seconds.
    private static readonly Dictionary<string, string> HostSettings = new()
    {
        ["LocalHost__InvisibilityTimeout"] = "00:00:20",
        ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:02",
        ["ReconcileSchedule"] = "*/20 * * * * *",
        ["FinishWorkSchedule"] = "10/20 * * * * *",
    };

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public async Task<Verdict> RunAsync(CancellationToken cancellationToken)
    {
        var load = ReportingLoad.Of(settings);
        var plan = Operation.Plan(settings, load);
        await using var database = await DatabaseServer.StartAsync(settings.Folder, cancellationToken);
        await using var storage = await StorageServer.StartAsync(settings.Folder, cancellationToken);
        await using var operators = new Operators(settings, database, storage);
        await operators.MakeAccountsAsync(cancellationToken);
        var traffic = new Traffic(storage, QueueNames.ReportingEvents, load.Messages);
        var survived = await UnderFireAsync(load, plan, database, storage, operators, traffic, cancellationToken);
        return await JudgeAsync(load, database, storage, operators, survived, cancellationToken);
    }

    private async Task<Survival> UnderFireAsync(
        ReportingLoad load, IReadOnlyList<Operation> plan, DatabaseServer database, StorageServer storage, Operators operators, Traffic traffic, CancellationToken cancellationToken)
    {
        await using var hosts = new Hosts(settings.Hosts, database.ByProxy, storage.ByProxy, HostSettings, Path.Combine(settings.Folder, "hosts.log"));
        await hosts.StartedAsync(cancellationToken);
        var faults = new FaultRunner(database, storage, hosts, traffic);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = Task.WhenAll(traffic.WatchAsync(ended.Token), ReportAsync(traffic, faults, operators, hosts, ended.Token));
        await TogetherAsync(
            [traffic.SendAsync(ended.Token), faults.RunAsync(FaultPlan.Of(settings), ended.Token), operators.RunAsync(plan, traffic, ended.Token)], ended);
        progress("Everything is sent, done and hurt; the rest is worked off ...");
        await SettledAsync(database, traffic, cancellationToken);
        await ended.CancelAsync();
        await watching;
        return new Survival([.. faults.Survived], hosts.EndedByThemselves);
    }

    /// <summary>All of them; the first that fails ends the others.</summary>
    private static async Task TogetherAsync(Task[] tasks, CancellationTokenSource others)
    {
        var left = tasks.ToList();
        while (left.Count > 0)
        {
            var first = await Task.WhenAny(left);
            left.Remove(first);
            if (first.IsCompletedSuccessfully) continue;
            await others.CancelAsync();
            await first;
        }
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

    private async Task ReportAsync(Traffic traffic, FaultRunner faults, Operators operators, Hosts hosts, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            progress(FormattableString.Invariant($"{traffic.Accepted:#,0} of {traffic.Count:#,0} messages sent, {traffic.Waiting:#,0} wait; {faults.Survived.Count} faults survived, {operators.Done.Count} operations done"));
            await Task.Delay(Look * 5, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await hosts.ReplaceAsync();
        }
    }

    private async Task<Verdict> JudgeAsync(
        ReportingLoad load, DatabaseServer database, StorageServer storage, Operators operators, Survival survival, CancellationToken cancellationToken)
    {
        var verdict = new Verdict();
        verdict.Count("messages sent", load.Messages.Count, $"{load.Messages.Sum(message => message.Events.Count):#,0} events of {settings.Accounts} accounts");
        verdict.Count("of these sent again as they were", load.Repeated);
        verdict.Count("of these with the id of another event", load.InConflict);
        await using var source = TallyDataSource.Create(database.Direct);
        var judge = new ReportingJudge(settings, load, operators.Done);
        await judge.JudgeAsync(source, verdict, cancellationToken);
        await new PoisonJudge(load).JudgeAsync(source, storage.Direct, verdict, cancellationToken);
        await VerifyAsync(source, operators, judge, verdict, cancellationToken);
        verdict.Count("operations meanwhile", operators.Done.Count, string.Join(", ", operators.Done.CountBy(operation => operation.GetType().Name).Select(kind => $"{kind.Value} {kind.Key}")));
        survival.Report(verdict);
        return verdict;
    }

    /// <summary>The product's own verification, which must come to what the judge came to; and what its timer found meanwhile.</summary>
    private static async Task VerifyAsync(NpgsqlDataSource source, Operators operators, ReportingJudge judge, Verdict verdict, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var differing = 0L;
        foreach (var account in await connection.QueryAsync<long>("SELECT id FROM reporting.accounts ORDER BY id"))
            differing += (await operators.Get<RollupVerifier>().VerifyAsync(account, cancellationToken: cancellationToken)).RowsDiffering;
        verdict.Count("rows that verify finds differing", differing);
        verdict.MustBeNone("verify disagrees with the judge", differing > 0 == judge.FoundDrift ? [] : [$"verify finds {differing} rows, and the judge {(judge.FoundDrift ? "some" : "none")}."]);
        verdict.MustBeNone("drift that reconcile found meanwhile", [.. await connection.QueryAsync<string>("SELECT to_jsonb(d)::text FROM reporting.rollup_drift d ORDER BY found_at LIMIT 100")]);
    }
}
