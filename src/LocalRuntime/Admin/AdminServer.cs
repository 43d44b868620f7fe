using System.Net;
using LocalRuntime.Configuration;
using LocalRuntime.Discovery;
using LocalRuntime.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LocalRuntime.Admin;

/// <summary>Serves the admin endpoint on the loopback interface, as Core Tools do.</summary>
internal sealed class AdminServer(
    AdminEndpoint endpoint, FunctionCatalog catalog, FunctionHost host, IHostEnvironment environment,
    IOptions<LocalRuntimeOptions> options, TimeProvider clock, ILogger<AdminServer> logger) : IHostedService, IAsyncDisposable
{
    // A message has at most 64 KiB; as a JSON text, escapes may make six times as much of it.
    private const int MaxBodyBytes = 512 * 1024;

    private WebApplication? _server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _server = Build(options.Value.AdminPort);
        try
        {
            await _server.StartAsync(cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new StartupException(
                $"Port {options.Value.AdminPort} of 127.0.0.1 is taken, perhaps by another function app or by Core Tools. Set {LocalRuntimeOptions.SectionName}:AdminPort (environment variable {LocalRuntimeOptions.SectionName}__AdminPort) to another port, or to 0 for any free one.");
        }

        endpoint.Address = new Uri(_server.Urls.First());
        Log.AdminEndpointStarted(logger, endpoint.Address);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private WebApplication Build(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        // Ctrl-C belongs to the app's own host, which stops this one.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();

        var server = builder.Build();
        server.Use(LoopbackOnly.Middleware(logger));
        server.UseRouting();
        new AdminRoutes(catalog, host, environment, clock).Map(server);
        return server;
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
