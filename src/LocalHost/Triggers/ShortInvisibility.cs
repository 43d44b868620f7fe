using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Queues;
using Microsoft.Extensions.Azure;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Triggers;

/// <summary>
/// Has messages of a killed host come back sooner than after the SDK's fixed ten minutes: for tests that kill hosts. A
/// function that runs for longer sees its message delivered twice.
/// </summary>
internal sealed class ShortInvisibility(AzureComponentFactory inner, TimeSpan timeout) : AzureComponentFactory
{
    public override TokenCredential CreateTokenCredential(IConfiguration configuration) => inner.CreateTokenCredential(configuration);

    public override object CreateClientOptions(Type optionsType, object? serviceVersion, IConfiguration configuration)
    {
        var options = inner.CreateClientOptions(optionsType, serviceVersion, configuration);
        if (options is QueueClientOptions queues) queues.AddPolicy(new Rewrite(timeout), HttpPipelinePosition.PerCall);
        return options;
    }

    public override object CreateClient(Type clientType, IConfiguration configuration, TokenCredential credential, object clientOptions) =>
        inner.CreateClient(clientType, configuration, credential, clientOptions);

    // The one request that receives messages.
    private sealed class Rewrite(TimeSpan timeout) : HttpPipelineSynchronousPolicy
    {
        private const string Fixed = "visibilitytimeout=600";
        private readonly string _own = $"visibilitytimeout={timeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)}";

        public override void OnSendingRequest(HttpMessage message)
        {
            if (message.Request.Method == RequestMethod.Get && message.Request.Uri.Query.Contains(Fixed, StringComparison.Ordinal))
                message.Request.Uri.Query = message.Request.Uri.Query.Replace(Fixed, _own, StringComparison.Ordinal);
        }
    }
}
