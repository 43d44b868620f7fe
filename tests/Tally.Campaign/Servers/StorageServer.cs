using LocalServices;
using Tally.Benchmarks;

namespace Tally.Campaign.Servers;

/// <summary>Azurite with nothing in it at first, behind proxies: it goes and comes back, and its addresses stay.</summary>
internal sealed class StorageServer : IAsyncDisposable
{
    private readonly LocalServersOptions _options;
    private readonly DelayingProxy _blobs;
    private LocalServers _server;

    private StorageServer(LocalServersOptions options, LocalServers server, DelayingProxy queues, DelayingProxy blobs)
    {
        (_options, _server, Queues, _blobs) = (options, server, queues, blobs);
        ByProxy = Direct
            .Replace($":{PortOf(Direct, "QueueEndpoint")}/", $":{queues.Port}/", StringComparison.Ordinal)
            .Replace($":{PortOf(Direct, "BlobEndpoint")}/", $":{blobs.Port}/", StringComparison.Ordinal);
    }

    public DelayingProxy Queues { get; }

    /// <summary>For who is to be hurt.</summary>
    public string ByProxy { get; }

    /// <summary>For who looks on; it changes when the server comes back.</summary>
    public string Direct => _server.StorageConnectionString!;

    public static async Task<StorageServer> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var options = new LocalServersOptions { DataDirectory = Path.Combine(folder, "azurite"), Postgres = false, Announce = Console.Error.WriteLine };
        if (Directory.Exists(options.DataDirectory)) Directory.Delete(options.DataDirectory, recursive: true);
        var server = await LocalServers.StartAsync(options, cancellationToken);
        return new StorageServer(options, server, await ProxyAsync("QueueEndpoint"), await ProxyAsync("BlobEndpoint"));

        Task<DelayingProxy> ProxyAsync(string endpoint) => DelayingProxy.StartAsync("127.0.0.1", PortOf(server.StorageConnectionString!, endpoint), TimeSpan.Zero, cancellationToken);
    }

    public Task StopAsync() => _server.StopAsync();

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        _server = await LocalServers.StartAsync(_options, cancellationToken);
        Queues.MoveTo(PortOf(Direct, "QueueEndpoint"));
        _blobs.MoveTo(PortOf(Direct, "BlobEndpoint"));
    }

    public async ValueTask DisposeAsync()
    {
        await Queues.DisposeAsync();
        await _blobs.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static int PortOf(string connection, string endpoint) =>
        new Uri(connection.Split(';').First(part => part.StartsWith(endpoint + "=", StringComparison.Ordinal))[(endpoint.Length + 1)..]).Port;
}
