using System.Net;
using LocalHost.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace LocalHost;

/// <summary>The web server: two doors, both on the loopback interface, gRPC for workers and HTTP for the operator. Ctrl-C and SIGTERM, and what is logged, are its host's.</summary>
internal static class HostServer
{
    public static WebApplication Build(HostSettings settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, settings.AdminPort, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRouting().Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddSingleton<WorkerGateway>().AddGrpc(grpc => grpc.MaxReceiveMessageSize = grpc.MaxSendMessageSize = null);
        builder.Logging
            // Every look at a queue that does not exist yet would be a warning.
            .AddFilter("Azure.Core", LogLevel.Error)
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .AddFilter("Grpc", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical)
            // What it does at every start and stop, the same each time; why it cannot start is said once, at the end.
            .AddFilter("Host.Startup", LogLevel.Critical)
            .AddFilter("Host.Triggers.Timer", LogLevel.Warning)
            .AddFilter("Microsoft.Azure.WebJobs", LogLevel.Warning)
            .AddFilter("Host.Results", LogLevel.None)
            .AddFilter("Host.Aggregator", LogLevel.None)
            .AddConfiguration(settings.Logging)
            .AddConsole(console => console.FormatterName = LineFormatter.FormatterName)
            .AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        return builder.Build();
    }

    /// <returns>Where the workers call, and the admin endpoint.</returns>
    /// <exception cref="HostException">The admin port is taken.</exception>
    public static async Task<(Uri Workers, Uri Admin)> StartAsync(WebApplication server, HostSettings settings)
    {
        try
        {
            await server.StartAsync();
            var addresses = server.Urls.Select(url => new Uri(url)).ToList();
            return (addresses[0], addresses[1]);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new HostException(
                $"Port {settings.AdminPort} of 127.0.0.1 is taken, perhaps by another function app or by Core Tools. Set LocalHost:AdminPort (environment variable LocalHost__AdminPort) to another port, or to 0 for any free one.", exception);
        }
    }
}
