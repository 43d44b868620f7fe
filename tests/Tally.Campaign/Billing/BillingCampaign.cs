using System.Text.Json;
using Tally.Azure;
using Tally.Billing.Refresh;
using Tally.Campaign.Servers;
using Tally.Scheduling;

namespace Tally.Campaign.Billing;

/// <summary>Messages are sent, change and are archived, rates and allowances are corrected, months closed and opened, while two clerks and the hosts' timer refresh.</summary>
internal sealed class BillingCampaign(CampaignSettings settings, Action<string> progress)
{
    private const int RefreshingClerks = 2;

    private static readonly Dictionary<string, string> HostSettings = new() { ["BillingSchedule"] = "*/5 * * * * *" };

    public async Task<Verdict> RunAsync(CancellationToken cancellationToken)
    {
        var sent = new SentMessages(settings);
        await using var database = await DatabaseServer.StartAsync(settings, cancellationToken);
        await using var storage = await StorageServer.StartAsync(settings.Folder, cancellationToken);
        await using var product = new ProductServices(database, storage);
        await SentMessages.LoadServicesAsync(database.Direct, cancellationToken);
        var clerks = new Clerks(settings, database, product, sent);
        await clerks.BeginAsync(cancellationToken);

        var writers = new Writers(database, sent.Changes);
        var survival = await new UnderFire(settings, database, storage, progress).RunAsync(
            HostSettings, writers, [writers.RunAsync, token => clerks.RunAsync(writers, token)],
            [.. Enumerable.Range(0, RefreshingClerks).Select<int, Func<CancellationToken, Task>>(clerk => token => clerks.RefreshAsync(clerk, token))],
            _ => Task.CompletedTask, () => FormattableString.Invariant($"{writers.Made:#,0} of {writers.Count:#,0} changes made, {clerks.Refreshes} refreshes by hand"), cancellationToken);

        // The hosts have stopped. What the night would do, and the tick that tells what came of it.
        await clerks.RefreshAllAsync(cancellationToken);
        await TickAsync(product.Get<BillingRefresher>(), cancellationToken);

        var verdict = new Verdict();
        verdict.Count("messages sent", sent.Messages.Count, $"{SentMessages.Services} services, {sent.AllDays.Count} days, {writers.Count:#,0} changes");
        verdict.Count("refreshes by hand", clerks.Refreshes, $"two at once, beside {settings.Hosts} hosts with a timer");
        await new BillingJudge(settings, sent.Messages, clerks.Book).JudgeAsync(database.Direct, await TakeAlertsAsync(storage, cancellationToken), verdict, cancellationToken);
        verdict.Count("months closed and opened again", clerks.MonthsClosed);
        verdict.MustBeNone("changed while their month was closed", clerks.MovedWhileClosed);
        var again = await clerks.RefreshAllAsync(cancellationToken);
        verdict.MustBeNone("facts that a further refresh changes", again == 0 ? [] : [$"{again} facts, and nothing had changed."]);
        survival.Report(verdict);
        return verdict;
    }

    // Who was killed may still hold the refresh: the tick that gets it, once the lease has run out, is the one that tells.
    internal static async Task TickAsync(BillingRefresher refresher, CancellationToken cancellationToken)
    {
        while ((await Again.UntilDoneAsync(() => refresher.RunAsync(new RuntimeLimiter(() => false), cancellationToken), cancellationToken)).Outcome == RunOutcome.LeaseHeldElsewhere)
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
    }

    private static async Task<IReadOnlyList<Guid>> TakeAlertsAsync(StorageServer storage, CancellationToken cancellationToken)
    {
        var queue = QueueAccount.Of(storage.Direct).GetQueue(QueueNames.BillingAlerts);
        var ids = new List<Guid>();
        if (!await queue.ExistsAsync(cancellationToken)) return ids;
        while ((await queue.ReceiveMessagesAsync(32, TimeSpan.FromHours(1), cancellationToken)).Value is { Length: > 0 } messages)
            ids.AddRange(messages.Select(message => JsonDocument.Parse(message.Body).RootElement.GetProperty("id").GetGuid()));
        return ids;
    }
}
