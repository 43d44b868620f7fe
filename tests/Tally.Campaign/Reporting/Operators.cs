using System.Collections.Concurrent;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Retention;

namespace Tally.Campaign.Reporting;

/// <summary>Those who make accounts, backfill, change zones, purge and erase while events come: by the services of the command line, through the same network.</summary>
internal sealed class Operators(CampaignSettings settings, ProductServices product)
{
    // Days up to here may be purged: those around the turns of the clocks.
    private const int DaysThatStay = 10;

    private const int Lanes = 4;

    private readonly ConcurrentQueue<Operation> _done = new();

    private readonly IReadOnlyList<Desk> _desks = Desk.All(settings);

    /// <summary>What has been done; of one account in its order.</summary>
    public IReadOnlyList<Operation> Done => [.. _done];

    public async Task MakeAccountsAsync(CancellationToken cancellationToken)
    {
        foreach (var desk in _desks)
        {
            await Get<AccountStore>().CreateAsync(desk.Id, $"Desk {desk.Id}", cancellationToken);
            await Get<AccountStore>().SetTimezoneAsync(desk.Id, desk.Zone, cancellationToken);
        }
    }

    /// <summary>Does the operations, those of an account in their order, each once this many messages are accepted, and again until it is done.</summary>
    public Task RunAsync(IReadOnlyList<Operation> plan, IWorkload workload, CancellationToken cancellationToken) => Task.WhenAll(plan
        .GroupBy(operation => operation.Account is { } account ? account % Lanes : Lanes)
        .Select(async lane =>
        {
            foreach (var operation in lane)
            {
                await workload.ReachedAsync(operation.At, cancellationToken);
                await DoAsync(operation, cancellationToken);
                _done.Enqueue(operation);
            }
        }));

    private Task DoAsync(Operation operation, CancellationToken cancellationToken) => operation switch
    {
        Operation.BackfillEverything => BackfillEverythingAsync(cancellationToken),
        Operation.ChangeZone change => ChangeZoneAsync(change, cancellationToken),
        Operation.Purge purge => Again.UntilDoneAsync(() => Get<EventPurger>().PurgeAsync(purge.Of, settings.Day.PlusDays(-DaysThatStay), cancellationToken: cancellationToken), cancellationToken),
        Operation.EraseEvents erasure => Again.UntilDoneAsync(() => Get<EventEraser>().EraseAsync(erasure.Of, [.. erasure.Events], cancellationToken), cancellationToken),
        Operation.EraseAccount erasure => Again.UntilDoneAsync(() => Get<AccountEraser>().EraseAsync(erasure.Of, cancellationToken: cancellationToken), cancellationToken),
        _ => throw new NotSupportedException($"{operation}"),
    };

    private async Task BackfillEverythingAsync(CancellationToken cancellationToken)
    {
        foreach (var desk in _desks.Where(desk => !desk.Has(Fate.IsErased)))
        {
            var plan = await Again.UntilDoneAsync(() => Get<BackfillPlanner>().PlanAsync(desk.Id, cancellationToken: cancellationToken), cancellationToken);
            if (plan.Nothing is not null) continue;
            await SendAsync(await Again.UntilDoneAsync(() => Get<BackfillRequests>().RequestAsync(plan, "campaign", cancellationToken: cancellationToken), cancellationToken), cancellationToken);
        }
    }

    private async Task ChangeZoneAsync(Operation.ChangeZone change, CancellationToken cancellationToken)
    {
        var done = await Again.UntilDoneAsync(() => Get<AccountStore>().SetTimezoneAsync(change.Of, change.Zone, cancellationToken), cancellationToken);
        if (done.Backfill is { } request) await SendAsync(request, cancellationToken);
    }

    private Task SendAsync(BackfillRequest request, CancellationToken cancellationToken) => Again.UntilDoneAsync(
        async () =>
        {
            await Get<BackfillSender>().SendAsync(request, cancellationToken);
            return true;
        }, cancellationToken);

    private T Get<T>()
        where T : notnull => product.Get<T>();
}
