using System.Net;
using Azure.Core.Pipeline;
using LocalRuntime.Queues;

namespace Tally.Tests.LocalRuntime.Queues;

/// <summary>A queue service that gives prepared answers and remembers what it was asked.</summary>
internal sealed class ScriptedService(params HttpResponseMessage[] answers) : HttpMessageHandler
{
    private readonly Queue<HttpResponseMessage> _answers = new(answers);

    public List<HttpRequestMessage> Requests { get; } = [];

    public QueueClientOptions Options => new() { Transport = new HttpClientTransport(new HttpClient(this)), Retry = { Delay = TimeSpan.FromMilliseconds(1) } };

    public static HttpResponseMessage Answer(int status, string? errorCode = null, string? body = null)
    {
        var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body ?? "") };
        answer.Headers.Add("x-ms-request-id", "service-request-1");
        if (errorCode is not null) answer.Headers.Add("x-ms-error-code", errorCode);
        return answer;
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add(request);
        return Task.FromResult(_answers.Dequeue());
    }
}
