using System.Runtime.CompilerServices;
using Azure.Core;

namespace LocalRuntime.Queues;

/// <summary>A queue service: Azure Storage or Azurite. Safe for concurrent use; keep one per connection.</summary>
/// <param name="connection">Where it is and how to prove who asks.</param>
/// <param name="options">Retries and transport.</param>
public sealed class QueueService(QueueConnection connection, QueueClientOptions? options = null)
{
    private readonly QueueRequests _requests = new(connection, options);

    /// <summary>The service's address.</summary>
    public Uri Endpoint => connection.Endpoint;

    /// <summary>A client for one queue, which need not exist yet.</summary>
    /// <exception cref="ArgumentException">The name breaks the service's rules.</exception>
    public QueueClient GetQueue(string name, QueueMessageEncoding encoding = QueueMessageEncoding.Base64)
    {
        QueueName.ThrowIfInvalid(name);
        return new QueueClient(_requests, name, encoding);
    }

    /// <summary>The names of the queues, in order, that begin with <paramref name="prefix"/>.</summary>
    /// <exception cref="QueueStorageException">The service refused or did not answer.</exception>
    public async IAsyncEnumerable<string> ListQueuesAsync(string? prefix = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? marker = null;
        do
        {
            var path = $"?comp=list{Parameter("prefix", prefix)}{Parameter("marker", marker)}";
            (var names, marker) = await _requests.SendAsync(new QueueRequest(RequestMethod.Get, null, path, 200), QueueXml.ReadQueues, cancellationToken);
            foreach (var name in names) yield return name;
        }
        while (marker is not null);
    }

    private static string Parameter(string name, string? value) =>
        string.IsNullOrEmpty(value) ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
