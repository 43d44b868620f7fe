using Azure;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using NodaTime;

namespace Tally.Functions;

/// <summary>Reads the depth and the oldest message of each business queue and its poison queue.</summary>
public sealed class QueueMeter(IConfiguration configuration, IClock clock)
{
    private readonly QueueServiceClient _account = Connect(configuration);

    /// <summary>Records what every queue holds.</summary>
    /// <exception cref="RequestFailedException">The queue service refused or did not answer.</exception>
    public async Task MeasureAsync(CancellationToken cancellationToken)
    {
        foreach (var name in QueueNames.All.SelectMany(name => new[] { name, name + QueueNames.PoisonSuffix }))
        {
            var (messages, oldest) = await ReadAsync(_account.GetQueueClient(name), cancellationToken);
            Telemetry.RecordQueue(name, messages, oldest is { } since ? clock.GetCurrentInstant().ToDateTimeOffset() - since : TimeSpan.Zero);
        }
    }

    // The service does not keep them in order, so the oldest is one of those at the front.
    private static async Task<(long Messages, DateTimeOffset? Oldest)> ReadAsync(QueueClient queue, CancellationToken cancellationToken)
    {
        try
        {
            var properties = await queue.GetPropertiesAsync(cancellationToken);
            var front = await queue.PeekMessagesAsync(queue.MaxPeekableMessages, cancellationToken);
            return (properties.Value.ApproximateMessagesCountLong, front.Value.Min(message => message.InsertedOn));
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // Queues are made by the first message.
            return (0, null);
        }
    }

    // The account of the triggers; the host's own where the settings name no other, which they do in Azure.
    private static QueueServiceClient Connect(IConfiguration configuration)
    {
        var section = configuration.GetSection(QueueNames.Connection);
        if (!section.Exists()) section = configuration.GetSection("AzureWebJobsStorage");
        if (section.Value is { Length: > 0 } connectionString) return new QueueServiceClient(connectionString);
        return Uri.TryCreate(section["queueServiceUri"], UriKind.Absolute, out var address)
            ? new QueueServiceClient(address, AzureIdentity.Credential(section["clientId"]))
            : throw new InvalidOperationException($"Setting {QueueNames.Connection} is missing. Set it to a storage connection string, or {QueueNames.Connection}:queueServiceUri to an address such as https://account.queue.core.windows.net.");
    }
}
