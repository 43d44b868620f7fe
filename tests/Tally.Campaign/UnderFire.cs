using Tally.Campaign.Faults;
using Tally.Campaign.Servers;

namespace Tally.Campaign;

/// <summary>The servers of a campaign, and what is common to all of them: hosts that work, faults that hurt, and an end of both.</summary>
internal sealed class UnderFire(CampaignSettings settings, DatabaseServer database, StorageServer storage, Action<string> progress)
{
    private static readonly TimeSpan Report = TimeSpan.FromSeconds(5);

    /// <summary>Runs the work to its end while hosts run and faults happen; then waits until everything has settled.</summary>
    /// <param name="hostSettings">Environment variables of every host.</param>
    /// <param name="workload">Says how far it is.</param>
    /// <param name="work">What is to be done, each at the same time.</param>
    /// <param name="background">What goes on until all is done, and then ends.</param>
    /// <param name="settled">Returns when nothing is left to do.</param>
    /// <param name="describe">How far it is, in words.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Survival> RunAsync(
        IReadOnlyDictionary<string, string> hostSettings, IWorkload workload, IReadOnlyList<Func<CancellationToken, Task>> work, IReadOnlyList<Func<CancellationToken, Task>> background,
        Func<CancellationToken, Task> settled, Func<string> describe, CancellationToken cancellationToken)
    {
        await using var hosts = new Hosts(settings.Hosts, database.ByProxy, storage.ByProxy, hostSettings, Path.Combine(settings.Folder, "hosts.log"));
        await hosts.StartedAsync(cancellationToken);
        var faults = new FaultRunner(database, storage, hosts, workload);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = Task.WhenAll([ReportAsync(faults, hosts, describe, ended.Token), .. background.Select(one => UntilEndedAsync(one, ended))]);
        await TogetherAsync([faults.RunAsync(FaultPlan.Of(settings, workload.Count), ended.Token), .. work.Select(one => one(ended.Token))], watching, ended);
        progress($"{describe()}. Everything is sent, done and hurt; the rest is worked off ...");
        await TogetherAsync([settled(ended.Token)], watching, ended);
        await ended.CancelAsync();
        await watching;
        return new Survival([.. faults.Survived], hosts.EndedByThemselves);
    }

    /// <summary>All of the tasks; the first that fails, or that fails in the background, ends the others.</summary>
    private static async Task TogetherAsync(IReadOnlyList<Task> tasks, Task background, CancellationTokenSource others)
    {
        var left = tasks.ToList();
        while (left.Count > 0)
        {
            var first = await Task.WhenAny(left.Append(background));
            left.Remove(first);
            if (first.IsCompletedSuccessfully && first != background) continue;
            await others.CancelAsync();
            await first;
        }
    }

    private static async Task UntilEndedAsync(Func<CancellationToken, Task> work, CancellationTokenSource ended)
    {
        try
        {
            await work(ended.Token);
        }
        catch (Exception exception) when (ended.IsCancellationRequested && Again.IsOfTheEnvironment(exception))
        {
            // It is meant to end.
        }
        catch
        {
            await ended.CancelAsync();
            throw;
        }
    }

    private async Task ReportAsync(FaultRunner faults, Hosts hosts, Func<string> describe, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            progress($"{describe()}; {faults.Survived.Count} faults survived");
            await Task.Delay(Report, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await hosts.ReplaceAsync();
        }
    }
}
