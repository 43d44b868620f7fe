using Tally.Azure;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Doctor;

/// <summary>Whether the queue service answers, and whether messages wait in poison queues.</summary>
internal static class QueueCheck
{
    public static async Task<IReadOnlyList<Finding>> RunAsync(FoundServers servers, CancellationToken cancellationToken)
    {
        if (servers.Queues == ServerOrigin.Local)
            return [new Finding("queues", Status.Ok, "not configured: each command starts a local service, 'tally up' one for all")];

        try
        {
            var account = ServerSettings.QueuesOf(servers.Settings)!;
            var depths = new List<(string Name, long Messages)>();
            foreach (var name in QueueNames.All.Select(name => name + QueueNames.PoisonSuffix))
                depths.Add((name, (await QueueDepth.ReadAsync(account, name, cancellationToken)).Messages));
            return
            [
                new Finding("queues", Status.Ok, $"{account.Uri}, from {ServerAddress.Describe(servers.Queues)}"),
                .. depths.Where(queue => queue.Messages > 0).Select(queue => new Finding(
                    "poison messages", Status.Warning, $"{queue.Messages} in {queue.Name}; 'tally queues peek {queue.Name}' shows them")),
            ];
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return [new Finding("queues", Status.Failed, ErrorMessage.Of(exception))];
        }
    }
}
