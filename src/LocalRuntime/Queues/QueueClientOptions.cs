using Azure.Core;

namespace LocalRuntime.Queues;

/// <summary>
/// Options of the queue clients. Retries are Azure.Core's: exponential, three by default, and a <c>Retry-After</c>
/// header of the service is obeyed.
/// </summary>
public sealed class QueueClientOptions : ClientOptions
{
    /// <summary>The version of the queue service's protocol that every request asks for.</summary>
    public const string ServiceVersion = "2021-12-02";
}
