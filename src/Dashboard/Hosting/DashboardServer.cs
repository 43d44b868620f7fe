using System.Net;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tally.Dashboard.Views;

namespace Tally.Dashboard.Hosting;

/// <summary>The dashboard: a web server on loopback whose database sessions cannot write.</summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    // Views read one after the other; a handful of them at once is a person with many tabs.
    private const int Connections = 4;

    private readonly WebApplication _app;

    private DashboardServer(WebApplication app, Uri address) => (_app, Address) = (app, address);

    /// <summary>The first view's address, token included.</summary>
    public Uri Address { get; }

    /// <exception cref="IOException">The port is taken.</exception>
    /// <exception cref="DashboardException">The database would let the dashboard write.</exception>
    public static async Task<DashboardServer> StartAsync(DashboardOptions options, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.AddServerHeader = false;
        });
        var settings = ReadOnly(options);
        builder.Services
            .AddLogging(logging => logging.ClearProviders())
            .AddSingleton(settings)
            .AddSingleton(options)
            .AddSingleton(options.Clock)
            .AddSingleton(options.Queues)
            .AddTally(settings, options.Password)
            .AddSingleton<HtmlRenderer>()
            .AddSingleton<PageRenderer>()
            .AddSingleton<PageEndpoint>()
            .AddViews();
        var app = builder.Build();
        try
        {
            await RequireReadOnlyAsync(app.Services.GetRequiredService<NpgsqlDataSource>(), cancellationToken);
            var gate = new Gate(app.Services.GetRequiredService<PageEndpoint>().AnswerAsync);
            app.Run(gate.HandleAsync);
            await app.StartAsync(cancellationToken);
            return new DashboardServer(app, new Uri(new Uri(app.Urls.Single()), $"{gate.Base}/"));
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    internal IServiceProvider Services => _app.Services;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>The same settings, with a connection string whose sessions begin every transaction read only.</summary>
    private static IConfigurationRoot ReadOnly(DashboardOptions options)
    {
        var database = new NpgsqlConnectionStringBuilder(options.Settings.GetConnectionString("Tally")) { ApplicationName = "tally dashboard", MaxPoolSize = Connections };
        database.Options = $"{database.Options} -c default_transaction_read_only=on -c statement_timeout={options.LongestRead.TotalMilliseconds}".Trim();
        return new ConfigurationBuilder()
            .AddConfiguration(options.Settings)
            .AddInMemoryCollection([KeyValuePair.Create("ConnectionStrings:Tally", (string?)database.ConnectionString)])
            .Build();
    }

    private static async Task RequireReadOnlyAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (await connection.ExecuteScalarAsync<string>(new CommandDefinition("SHOW default_transaction_read_only", cancellationToken: cancellationToken)) != "on")
            throw new DashboardException("The database's sessions are not read only, though the dashboard asks for it: a pooler between drops the startup option. Name the server itself in ConnectionStrings__Tally.");
    }
}

/// <summary>The dashboard cannot be shown; the message says why and what to do.</summary>
internal sealed class DashboardException(string message) : OperatorException(message);
