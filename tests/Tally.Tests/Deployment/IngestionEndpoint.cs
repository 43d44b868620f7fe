using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Tally.Tests.Deployment;

/// <summary>Takes what the exporter of Application Insights sends, and keeps it.</summary>
internal sealed class IngestionEndpoint : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<JsonElement> _records = new();
    private readonly string _address;

    public IngestionEndpoint()
    {
        // Another process may take the port between the two steps; then the next one is tried.
        for (var tries = 0; ; tries++)
        {
            var port = FreePort();
            _address = $"http://127.0.0.1:{port}/";
            _listener.Prefixes.Clear();
            _listener.Prefixes.Add(_address);
            try
            {
                _listener.Start();
                break;
            }
            catch (HttpListenerException) when (tries < 10)
            {
            }
        }

        _ = Task.Run(ListenAsync);
    }

    /// <summary>For the setting <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c>.</summary>
    public string ConnectionString => $"InstrumentationKey={Guid.NewGuid()};IngestionEndpoint={_address}";

    /// <summary>The metrics that came: name, value and dimensions, which become AppMetrics' Name, Sum and Properties.</summary>
    public IReadOnlyList<(string Name, double Value, IReadOnlyDictionary<string, string> Properties)> Metrics =>
    [
        .. Of("MetricData").SelectMany(data => data.GetProperty("metrics").EnumerateArray(), (data, metric) => (
            metric.GetProperty("name").GetString()!,
            metric.GetProperty("value").GetDouble(),
            (IReadOnlyDictionary<string, string>)(data.TryGetProperty("properties", out var properties)
                ? properties.EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetString()!)
                : []))),
    ];

    /// <summary>The data of the records of a type: <c>RequestData</c> becomes AppRequests, <c>RemoteDependencyData</c> AppDependencies.</summary>
    public IReadOnlyList<JsonElement> Of(string type) =>
        [.. _records.Select(record => record.GetProperty("data")).Where(data => data.GetProperty("baseType").GetString() == type).Select(data => data.GetProperty("baseData"))];

    public void Dispose() => _listener.Close();

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task ListenAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            await using var body = context.Request.Headers["Content-Encoding"] == "gzip" ? new GZipStream(context.Request.InputStream, CompressionMode.Decompress) : context.Request.InputStream;
            using var reader = new StreamReader(body);
            var lines = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            foreach (var line in lines) _records.Enqueue(JsonDocument.Parse(line).RootElement);
            var answer = Encoding.UTF8.GetBytes($$"""{"itemsReceived":{{lines.Length}},"itemsAccepted":{{lines.Length}},"errors":[]}""");
            context.Response.ContentType = "application/json";
            await context.Response.OutputStream.WriteAsync(answer);
            context.Response.Close();
        }
    }
}
