using LocalRuntime.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tally.Functions;

namespace Tally.Tests.EndToEnd;

/// <summary>The function app, in this process: the real function classes on real queues.</summary>
internal sealed class FunctionApp : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly CollectedLog _log;

    private FunctionApp(IHost host, CollectedLog log)
    {
        _host = host;
        _log = log;
    }

    /// <summary>What it logged from Information on, each with its exception.</summary>
    public IReadOnlyCollection<string> Log => _log.Lines;

    public static async Task<FunctionApp> StartAsync(string database, string storage, IClock clock)
    {
        var settings = FunctionAppSettings.For(database, storage).Select(setting => (setting.Key, Value: (string?)setting.Value))
            .Concat(Schedules.Defaults.Select(setting => (setting.Key, setting.Value)));
        string[] arguments = [.. settings.Select(setting => $"--{setting.Key}={setting.Value}")];
        var builder = LocalFunctionsApplication.CreateBuilder(arguments, new LocalApplicationSettings { Assembly = typeof(ApplyReportingEvent).Assembly });
        var log = new CollectedLog();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddSingleton(clock);
        builder.Services.AddTally(builder.Configuration);
        builder.Services.AddSingleton<QueueMeter>();
        var host = builder.Build();
        await host.StartAsync();
        return new FunctionApp(host, log);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }
}
