using System.Globalization;
using Azure;
using Azure.Core;

namespace LocalRuntime.Queues;

/// <summary>
/// One queue. Safe for concurrent use. Every method throws <see cref="QueueStorageException"/> when the service refuses
/// or does not answer, after the retries of <see cref="QueueClientOptions"/>.
/// </summary>
public sealed class QueueClient
{
    /// <summary>The most messages that one call receives or peeks at.</summary>
    public const int MaxMessagesPerCall = 32;

    private readonly QueueRequests _requests;

    internal QueueClient(QueueRequests requests, string name, QueueMessageEncoding encoding)
    {
        _requests = requests;
        Name = name;
        Encoding = encoding;
    }

    /// <summary>The queue's name.</summary>
    public string Name { get; }

    /// <summary>How bodies are written into the queue.</summary>
    public QueueMessageEncoding Encoding { get; }

    /// <summary>The queue's address.</summary>
    public Uri Uri => new($"{_requests.Endpoint.AbsoluteUri.TrimEnd('/')}/{Name}");

    /// <summary>Creates the queue.</summary>
    /// <returns>False when it was there already.</returns>
    public Task<bool> CreateIfNotExistsAsync(IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var headers = (metadata ?? new Dictionary<string, string>()).ToDictionary(pair => $"x-ms-meta-{pair.Key}", pair => pair.Value);
        return _requests.SendAsync(Request(RequestMethod.Put, Name, 201, 204, 409) with { Headers = headers }, ReadCreated, cancellationToken);
    }

    /// <summary>Deletes the queue and its messages.</summary>
    /// <returns>False when there was no such queue.</returns>
    public Task<bool> DeleteIfExistsAsync(CancellationToken cancellationToken = default) =>
        _requests.SendAsync(Request(RequestMethod.Delete, Name, 204, 404), static response => response.Status == 204, cancellationToken);

    /// <summary>Whether the queue exists.</summary>
    public Task<bool> ExistsAsync(CancellationToken cancellationToken = default) =>
        _requests.SendAsync(Request(RequestMethod.Get, $"{Name}?comp=metadata", 200, 404), static response => response.Status == 200, cancellationToken);

    /// <summary>The queue's approximate size and its metadata.</summary>
    public Task<QueueProperties> GetPropertiesAsync(CancellationToken cancellationToken = default) =>
        _requests.SendAsync(Request(RequestMethod.Get, $"{Name}?comp=metadata", 200), QueueXml.ReadProperties, cancellationToken);

    /// <summary>Puts a message.</summary>
    /// <param name="text">The body.</param>
    /// <param name="visibilityDelay">How long receivers do not see it; at most seven days.</param>
    /// <param name="timeToLive">After how long the queue drops it; seven days by default, <see cref="Timeout.InfiniteTimeSpan"/> for never.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">The body is too large, or holds characters that need an encoding.</exception>
    public Task<MessageReceipt> PutAsync(string text, TimeSpan visibilityDelay = default, TimeSpan? timeToLive = null, CancellationToken cancellationToken = default) =>
        PutAsync(BinaryData.FromString(text), visibilityDelay, timeToLive, cancellationToken);

    /// <inheritdoc cref="PutAsync(string, TimeSpan, TimeSpan?, CancellationToken)"/>
    /// <param name="body">The body.</param>
    public Task<MessageReceipt> PutAsync(BinaryData body, TimeSpan visibilityDelay = default, TimeSpan? timeToLive = null, CancellationToken cancellationToken = default)
    {
        var path = $"{Name}/messages?visibilitytimeout={Seconds(visibilityDelay)}";
        if (timeToLive is { } lifetime) path += $"&messagettl={(lifetime == Timeout.InfiniteTimeSpan ? "-1" : Seconds(lifetime))}";
        var request = Request(RequestMethod.Post, path, 201) with { Body = QueueXml.Message(body, Encoding) };
        return _requests.SendAsync(request, QueueXml.ReadReceipt, cancellationToken);
    }

    /// <summary>Puts a message, after creating the queue if it is missing.</summary>
    /// <inheritdoc cref="PutAsync(BinaryData, TimeSpan, TimeSpan?, CancellationToken)"/>
    public async Task<MessageReceipt> PutOrCreateAsync(BinaryData body, CancellationToken cancellationToken = default)
    {
        try
        {
            return await PutAsync(body, cancellationToken: cancellationToken);
        }
        catch (QueueStorageException exception) when (exception.Status == 404)
        {
            await CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            return await PutAsync(body, cancellationToken: cancellationToken);
        }
    }

    /// <summary>Receives up to <paramref name="count"/> messages and hides them from other receivers for <paramref name="visibilityTimeout"/>.</summary>
    /// <param name="count">1 to <see cref="MaxMessagesPerCall"/>.</param>
    /// <param name="visibilityTimeout">Whole seconds, 1 second to 7 days.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<IReadOnlyList<QueueMessage>> GetAsync(int count, TimeSpan visibilityTimeout, CancellationToken cancellationToken = default) =>
        ReadAsync($"numofmessages={count}&visibilitytimeout={Seconds(visibilityTimeout)}", cancellationToken);

    /// <summary>Looks at the first messages without receiving them.</summary>
    /// <param name="count">1 to <see cref="MaxMessagesPerCall"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<IReadOnlyList<QueueMessage>> PeekAsync(int count = MaxMessagesPerCall, CancellationToken cancellationToken = default) =>
        ReadAsync($"peekonly=true&numofmessages={count}", cancellationToken);

    /// <summary>Hides a received message for <paramref name="visibilityTimeout"/> from now on, and replaces its body when <paramref name="text"/> is given.</summary>
    /// <returns>The receipt that replaces <paramref name="popReceipt"/>.</returns>
    public Task<MessageReceipt> UpdateAsync(string messageId, string popReceipt, TimeSpan visibilityTimeout, string? text = null, CancellationToken cancellationToken = default)
    {
        var request = Request(RequestMethod.Put, $"{MessagePath(messageId, popReceipt)}&visibilitytimeout={Seconds(visibilityTimeout)}", 204) with
        {
            Body = text is null ? null : QueueXml.Message(BinaryData.FromString(text), Encoding),
        };
        return _requests.SendAsync(request, response => QueueXml.ReadReceipt(response, messageId), cancellationToken);
    }

    /// <summary>Deletes a received message.</summary>
    public Task DeleteMessageAsync(string messageId, string popReceipt, CancellationToken cancellationToken = default) =>
        _requests.SendAsync(Request(RequestMethod.Delete, MessagePath(messageId, popReceipt), 204), static _ => true, cancellationToken);

    /// <summary>Deletes every message.</summary>
    public Task ClearAsync(CancellationToken cancellationToken = default) =>
        _requests.SendAsync(Request(RequestMethod.Delete, $"{Name}/messages", 204), static _ => true, cancellationToken);

    private Task<IReadOnlyList<QueueMessage>> ReadAsync(string query, CancellationToken cancellationToken) =>
        _requests.SendAsync(Request(RequestMethod.Get, $"{Name}/messages?{query}", 200), response => QueueXml.ReadMessages(response, Encoding), cancellationToken);

    private bool ReadCreated(Response response)
    {
        if (response.Status != 409) return response.Status == 201;

        // 409 also means that a queue of this name is being deleted, and that must not pass for success.
        response.Headers.TryGetValue("x-ms-error-code", out var code);
        return code == "QueueAlreadyExists"
            ? false
            : throw new QueueStorageException($"Queue '{Name}' cannot be created now: the service answered 409 {code}.", 409, code, Name);
    }

    private QueueRequest Request(RequestMethod method, string path, params int[] expected) => new(method, Name, path, expected);

    private string MessagePath(string messageId, string popReceipt) =>
        $"{Name}/messages/{System.Uri.EscapeDataString(messageId)}?popreceipt={System.Uri.EscapeDataString(popReceipt)}";

    private static string Seconds(TimeSpan time) => ((long)Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
