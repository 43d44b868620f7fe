namespace Tally.Campaign.Faults;

internal enum FaultKind
{
    WorkerKilled,
    HostKilled,
    DatabaseStopped,
    StorageStopped,
    ConnectionsCut,
    ConnectionsHalfClosed,
    TrafficHeldUp,
}

/// <summary>Something that goes wrong.</summary>
/// <param name="At">Once this many steps of the work are done.</param>
/// <param name="Kind">What.</param>
/// <param name="Draw">0 to 1: which host, which side, which network.</param>
/// <param name="Length">How long, of what lasts.</param>
internal sealed record Fault(int At, FaultKind Kind, double Draw, TimeSpan Length);

/// <summary>What goes wrong, and when: spread over the work, and drawn from the seed.</summary>
internal static class FaultPlan
{
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(3);

    /// <summary>Spread over a work of so many steps.</summary>
    public static IReadOnlyList<Fault> Of(CampaignSettings settings, int steps)
    {
        if (settings.Outage > TimeSpan.Zero) return [new Fault(steps / 3, FaultKind.DatabaseStopped, 0, settings.Outage)];
        var random = settings.RandomFor("faults");
        return
        [
            .. Spread(settings.Kills, index => index % 2 == 0 ? FaultKind.WorkerKilled : FaultKind.HostKilled, TimeSpan.Zero),
            .. Spread(settings.DatabaseStops, _ => FaultKind.DatabaseStopped, settings.LongestStop),
            .. Spread(settings.StorageStops, _ => FaultKind.StorageStopped, settings.LongestStop / 3),
            .. Spread(settings.Cuts, index => FaultKind.ConnectionsCut + (index % 3), LongestHold),
        ];

        // One in each share of the work, anywhere in it; nothing at the very beginning, when there is nothing to hurt.
        IEnumerable<Fault> Spread(int count, Func<int, FaultKind> kind, TimeSpan longest) => Enumerable.Range(0, count).Select(index => new Fault(
            (int)(steps * (0.03 + (0.95 * (index + random.NextDouble()) / count))), kind(index), random.NextDouble(),
            longest == TimeSpan.Zero ? longest : TimeSpan.FromSeconds(1) + ((longest - TimeSpan.FromSeconds(1)) * random.NextDouble()))).ToList();
    }
}
