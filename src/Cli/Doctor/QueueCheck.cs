using Azure.Identity;
using LocalRuntime.Queues;
using Tally.Cli.Queues;
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
            var service = new QueueService(ServerSettings.QueuesOf(servers.Settings)!);
            var depths = new List<(string Name, int Messages)>();
            foreach (var name in QueueNames.All.Select(name => name + QueueNames.PoisonSuffix))
                depths.Add((name, (await QueueDepth.ReadAsync(service.GetQueue(name), cancellationToken)).Messages));
            return
            [
                new Finding("queues", Status.Ok, $"{service.Endpoint}, from {ServerAddress.Describe(servers.Queues)}"),
                .. depths.Where(queue => queue.Messages > 0).Select(queue => new Finding(
                    "poison messages", Status.Warning, $"{queue.Messages} in {queue.Name}; 'tally queues peek {queue.Name}' shows them")),
            ];
        }
        catch (Exception exception) when (exception is QueueStorageException or FormatException or AuthenticationFailedException)
        {
            return [new Finding("queues", Status.Failed, ErrorMessage.Of(exception))];
        }
    }
}
