using System.Collections.Concurrent;
using System.Diagnostics;
using Tally.Benchmarks;
using Tally.Campaign.Servers;

namespace Tally.Campaign.Faults;

/// <summary>A fault that happened, and how long it took until work went on once it was over.</summary>
internal sealed record SurvivedFault(FaultKind Kind, TimeSpan Recovery);

/// <summary>Does what the plan says: hosts, database, storage and network each in their own time, so that faults meet.</summary>
internal sealed class FaultRunner(DatabaseServer database, StorageServer storage, Hosts hosts, IWorkload workload)
{
    private readonly ConcurrentQueue<SurvivedFault> _survived = new();

    public IReadOnlyCollection<SurvivedFault> Survived => _survived;

    public Task RunAsync(IReadOnlyList<Fault> plan, CancellationToken cancellationToken) => Task.WhenAll(plan
        .GroupBy(fault => fault.Kind switch
        {
            FaultKind.WorkerKilled or FaultKind.HostKilled => "hosts",
            FaultKind.DatabaseStopped => "database",
            FaultKind.StorageStopped => "storage",
            _ => "network",
        })
        .Select(async lane =>
        {
            foreach (var fault in lane)
            {
                await workload.ReachedAsync(fault.At, cancellationToken);
                if (!await HurtAsync(fault, cancellationToken)) continue;
                var healed = Stopwatch.GetTimestamp();
                await workload.MovedAsync(cancellationToken);
                _survived.Enqueue(new SurvivedFault(fault.Kind, Stopwatch.GetElapsedTime(healed)));
            }
        }));

    /// <summary>Returns when it is over; false if there was nothing to hurt.</summary>
    private async Task<bool> HurtAsync(Fault fault, CancellationToken cancellationToken)
    {
        switch (fault.Kind)
        {
            case FaultKind.WorkerKilled:
                return Enumerable.Range(0, hosts.Count).Any(offset => hosts.KillWorker((Pick(hosts.Count) + offset) % hosts.Count));
            case FaultKind.HostKilled:
                await hosts.KillHostAsync(Pick(hosts.Count));
                return true;
            case FaultKind.DatabaseStopped:
                await database.StopAtOnceAsync();
                await Task.Delay(fault.Length, cancellationToken);
                await database.StartAgainAsync(cancellationToken);
                return true;
            case FaultKind.StorageStopped:
                await storage.StopAsync();
                await Task.Delay(fault.Length, cancellationToken);
                await storage.StartAgainAsync(cancellationToken);
                return true;
            case FaultKind.ConnectionsCut:
                return Network().Cut() > 0;
            case FaultKind.ConnectionsHalfClosed:
                return Network().HalfClose(toServer: fault.Draw * 4 % 1 < 0.5) > 0;
            default:
                Network().Hold(fault.Length);
                await Task.Delay(fault.Length, cancellationToken);
                return true;
        }

        int Pick(int count) => (int)(fault.Draw * count);

        DelayingProxy Network() => fault.Draw < 0.5 ? database.Proxy : storage.Queues;
    }
}
