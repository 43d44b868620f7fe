using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;

namespace LocalHost.Triggers;

/// <summary>
/// Has messages of a killed host come back sooner than after the SDK's fixed ten minutes, by rewriting the one request that
/// receives messages: for tests that kill hosts. A function that runs for longer sees its message delivered twice.
/// </summary>
internal sealed class ShortInvisibility(TimeSpan timeout) : HttpPipelineSynchronousPolicy
{
    private const string Fixed = "visibilitytimeout=600";
    private readonly string _own = string.Create(CultureInfo.InvariantCulture, $"visibilitytimeout={timeout.TotalSeconds:0}");

    public override void OnSendingRequest(HttpMessage message)
    {
        if (message.Request.Method == RequestMethod.Get) message.Request.Uri.Query = message.Request.Uri.Query.Replace(Fixed, _own, StringComparison.Ordinal);
    }
}
