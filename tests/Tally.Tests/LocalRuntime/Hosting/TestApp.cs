using LocalRuntime.Admin;
using LocalRuntime.Hosting;
using LocalRuntime.Queues;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tally.Tests.Infrastructure;

namespace Tally.Tests.LocalRuntime.Hosting;

/// <summary>A running function app, with queues of its own: setting <c>Run</c> begins their names.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private static readonly Lazy<string> SharedAccount = new(TestServers.NewStorageAccount);

    private readonly IHost _host;
    private readonly string _directory;
    private readonly QueueService _service;

    private TestApp(IHost host, string directory, string run, Probe probe, LogCollector logs)
    {
        _host = host;
        _directory = directory;
        _service = new QueueService(QueueConnection.FromConnectionString(SharedAccount.Value));
        Run = run;
        Probe = probe;
        Logs = logs;
    }

    /// <summary>The storage of all test apps; they keep apart by their queues' names.</summary>
    public static string Storage => SharedAccount.Value;

    public string Run { get; }

    public Probe Probe { get; }

    public LogCollector Logs { get; }

    public Uri AdminAddress => _host.Services.GetRequiredService<AdminEndpoint>().Address!;

    public static string NewRun() => $"t{Guid.NewGuid():N}"[..12];

    /// <summary>Starts an app of the given classes.</summary>
    /// <param name="functions">The function classes.</param>
    /// <param name="run">The beginning of its queues' names; its own by default.</param>
    /// <param name="settings">Settings beyond the ones that make tests quick.</param>
    /// <param name="configure">Services, middleware.</param>
    /// <param name="clock">A clock instead of the real one.</param>
    public static async Task<TestApp> StartAsync(
        Type[] functions, string? run = null, IReadOnlyDictionary<string, string?>? settings = null,
        Action<FunctionsApplicationBuilder>? configure = null, TimeProvider? clock = null)
    {
        run ??= NewRun();
        var directory = Directory.CreateTempSubdirectory("tally-app-").FullName;
        var probe = new Probe();
        var logs = new LogCollector();
        var builder = LocalFunctionsApplication.CreateBuilder([], new LocalApplicationSettings { FunctionTypes = functions, BaseDirectory = directory });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Run"] = run,
            ["AzureWebJobsStorage"] = Storage,
            ["LocalRuntime:AdminPort"] = "0",
            ["LocalRuntime:StateDirectory"] = directory,
            ["AzureFunctionsJobHost:extensions:queues:maxPollingInterval"] = "00:00:00.1",
        });
        if (settings is not null) builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddProvider(logs);
        builder.Services.AddSingleton(probe);
        builder.Services.AddSingleton<IWorkerTermination, NoTermination>();
        if (clock is not null) builder.Services.AddSingleton(clock);
        configure?.Invoke(builder);

        var app = new TestApp(builder.Build(), directory, run, probe, logs);
        try
        {
            await app._host.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return app;
    }

    public QueueClient Queue(string name, QueueMessageEncoding encoding = QueueMessageEncoding.Base64) => Queue(Run, name, encoding);

    /// <summary>A queue of an app that may not have started yet.</summary>
    public static QueueClient Queue(string run, string name, QueueMessageEncoding encoding = QueueMessageEncoding.Base64) =>
        new QueueService(QueueConnection.FromConnectionString(Storage)).GetQueue($"{run}-{name}", encoding);

    public Task SendAsync(string name, string text) => Queue(name).PutOrCreateAsync(BinaryData.FromString(text));

    /// <summary>The texts of a queue's visible messages, when there are as many as expected.</summary>
    public async Task<IReadOnlyList<string>> MessagesAsync(string name, int count)
    {
        IReadOnlyList<QueueMessage> messages = [];
        await Eventually.HoldsAsync(
            async () => await Queue(name).ExistsAsync() && (messages = await Queue(name).PeekAsync()).Count >= count,
            $"{count} messages in queue {name}");
        return [.. messages.Select(message => message.Text)];
    }

    public Task QueueIsEmptyAsync(string name) =>
        Eventually.HoldsAsync(async () => (await Queue(name).GetPropertiesAsync()).ApproximateMessageCount == 0, $"queue {name} is empty");

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        await foreach (var name in _service.ListQueuesAsync(Run)) await _service.GetQueue(name).DeleteIfExistsAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>The worker is the test run, which must outlive a function that a test lets hang.</summary>
    private sealed class NoTermination : IWorkerTermination
    {
        public void Terminate(string reason)
        {
        }
    }
}
