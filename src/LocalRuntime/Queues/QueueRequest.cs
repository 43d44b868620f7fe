using System.Xml.Linq;
using Azure.Core;

namespace LocalRuntime.Queues;

/// <summary>One request to the queue service.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Queue">The queue, for messages; null for a request about the service.</param>
/// <param name="Path">Path and query below the service's address, escaped.</param>
/// <param name="Expected">The statuses that the caller handles.</param>
internal sealed record QueueRequest(RequestMethod Method, string? Queue, string Path, params int[] Expected)
{
    public XDocument? Body { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}
