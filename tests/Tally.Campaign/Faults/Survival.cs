using Tally.Campaign.Servers;

namespace Tally.Campaign.Faults;

/// <summary>What a campaign went through.</summary>
/// <param name="Faults">Each with its recovery.</param>
/// <param name="HostsEnded">Hosts that ended though nobody killed them.</param>
internal sealed record Survival(IReadOnlyList<SurvivedFault> Faults, int HostsEnded)
{
    private static readonly Dictionary<FaultKind, string> Names = new()
    {
        [FaultKind.WorkerKilled] = "workers killed",
        [FaultKind.HostKilled] = "hosts killed",
        [FaultKind.DatabaseStopped] = "immediate stops of PostgreSQL",
        [FaultKind.StorageStopped] = "stops of Azurite",
        [FaultKind.ConnectionsCut] = "cuts of all connections",
        [FaultKind.ConnectionsHalfClosed] = "half-closes of all connections",
        [FaultKind.TrafficHeldUp] = "holds of all traffic",
    };

    public void Report(Verdict verdict)
    {
        foreach (var same in Faults.GroupBy(fault => fault.Kind).OrderBy(same => same.Key))
            verdict.Count(Names[same.Key], same.Count(), FormattableString.Invariant($"work went on within {same.Max(fault => fault.Recovery).TotalSeconds:0.0} s"));
        verdict.Count("seconds that a host's clock is ahead", Hosts.ClockMover is null ? 0 : Hosts.SecondsAhead, Hosts.ClockMover is null ? "not tried: it takes libfaketime, such as Debian's package faketime" : "one of the hosts, all the time");
        if (Faults.Count > 0) verdict.Count("longest recovery", Faults.Max(fault => fault.Recovery));
        verdict.Count("hosts that ended by themselves", HostsEnded, "and were started again");
    }
}
