using System.Xml;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace LocalRuntime.Queues;

/// <summary>Sends requests to one queue service and turns refusals into <see cref="QueueStorageException"/>.</summary>
internal sealed class QueueRequests(QueueConnection connection, QueueClientOptions? options)
{
    private readonly HttpPipeline _pipeline = HttpPipelineBuilder.Build(
        options ?? new QueueClientOptions(),
        perCallPolicies: [],
        perRetryPolicies: connection.Authentication is { } authentication ? [authentication] : [],
        responseClassifier: new ResponseClassifier());

    public Uri Endpoint => connection.Endpoint;

    /// <summary>Sends a request, with retries, and reads the answer; a status that the request does not expect is an error.</summary>
    public async Task<T> SendAsync<T>(QueueRequest content, Func<Response, T> read, CancellationToken cancellationToken)
    {
        using var message = _pipeline.CreateMessage();
        var request = message.Request;
        request.Method = content.Method;
        request.Uri.Reset(Address(content.Path));
        request.Headers.Add("x-ms-version", QueueClientOptions.ServiceVersion);
        request.Headers.Add("Accept", "application/xml");
        foreach (var (name, value) in content.Headers) request.Headers.Add(name, value);
        if (content.Body is { } body)
        {
            request.Headers.Add("Content-Type", "application/xml");
            request.Content = RequestContent.Create(QueueXml.ToBytes(body));
        }

        try
        {
            await _pipeline.SendAsync(message, cancellationToken);
        }
        catch (AuthenticationFailedException exception)
        {
            throw new QueueStorageException($"{Subject(content.Queue)}: no token for the queue service could be had.", 0, null, content.Queue, exception);
        }
        // A cancellation that nobody asked for is the pipeline's own network time-out.
        catch (Exception exception) when (exception is RequestFailedException or AggregateException or IOException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new QueueStorageException($"{Subject(content.Queue)}: no answer from {Endpoint.GetLeftPart(UriPartial.Authority)}. Is the queue service running and reachable?", 0, null, content.Queue, exception);
        }

        var response = message.Response;
        if (!content.Expected.Contains(response.Status)) throw Refusal(response, content.Queue);
        try
        {
            return read(response);
        }
        catch (Exception exception) when (exception is XmlException or FormatException)
        {
            throw new QueueStorageException($"{Subject(content.Queue)}: the answer of {Endpoint.GetLeftPart(UriPartial.Authority)} is not that of a queue service.", response.Status, null, content.Queue, exception);
        }
    }

    private Uri Address(string path)
    {
        var uri = $"{Endpoint.AbsoluteUri.TrimEnd('/')}/{path}";
        if (connection.SharedAccessSignature is not { } signature) return new Uri(uri);
        return new Uri($"{uri}{(uri.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{signature}");
    }

    private static QueueStorageException Refusal(Response response, string? queue)
    {
        var (code, explanation) = QueueXml.ReadError(response);
        response.Headers.TryGetValue("x-ms-request-id", out var requestId);
        return new QueueStorageException(
            $"{Subject(queue)}: the service answered {response.Status} {code ?? response.ReasonPhrase}{(explanation is null ? "" : $", {explanation}")} (request {requestId ?? response.ClientRequestId}).",
            response.Status, code, queue);
    }

    private static string Subject(string? queue) => queue is null ? "Queue service" : $"Queue '{queue}'";
}
