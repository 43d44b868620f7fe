using System.Net;
using LocalHost.Admin;
using LocalHost.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalHost;

/// <summary>The two doors, both on the loopback interface: gRPC for workers, HTTP for the operator.</summary>
internal sealed class HostServer : IAsyncDisposable
{
    private readonly WebApplication _server;

    private HostServer(WebApplication server)
    {
        _server = server;
        var addresses = server.Urls.Select(url => new Uri(url)).ToList();
        (WorkerAddress, AdminAddress) = (addresses[0], addresses[1]);
    }

    public Uri WorkerAddress { get; }

    public Uri AdminAddress { get; }

    /// <exception cref="StartupException">The admin port is taken.</exception>
    public static async Task<HostServer> StartAsync(HostSettings settings, WorkerGateway gateway, AdminRoutes admin, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = null;
            // The worker's stream has no end; the admin endpoint has a limit of its own.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, settings.AdminPort, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.RemoveAll<ILoggerFactory>().AddSingleton(loggers);
        builder.Services.AddSingleton(gateway);
        builder.Services.AddRouting();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = grpc.MaxSendMessageSize = null);
        // Ctrl-C belongs to the program, which stops this one last.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();

        var server = builder.Build();
        server.Use(LoopbackOnly.Middleware(loggers.CreateLogger("Admin")));
        server.UseRouting();
        server.MapGrpcService<WorkerGateway>();
        admin.Map(server);
        try
        {
            await server.StartAsync();
            return new HostServer(server);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            await server.DisposeAsync();
            throw new StartupException(
                $"Port {settings.AdminPort} of 127.0.0.1 is taken, perhaps by another function app or by Core Tools. Set LocalHost:AdminPort (environment variable LocalHost__AdminPort) to another port, or to 0 for any free one.", exception);
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
