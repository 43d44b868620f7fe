using Azure.Storage.Queues;
using Tally.Azure;
using Tally.Cli.Up;
using Tally.Tests.Infrastructure;
using FunctionApp = Tally.Tests.EndToEnd.FunctionApp;

namespace Tally.Tests.LocalHost;

/// <summary>tests/LocalHost.TestApp on hosts of its own, over storage accounts of its own.</summary>
internal sealed class TestApp
{
    /// <summary>The collection of the tests that start hosts.</summary>
    public const string OneAtATime = "Hosts";

    private static readonly string Program = BuiltProgram.PathOf("LocalHost.TestApp", typeof(TestApp).Assembly);

    /// <summary>The connection string of its queues' storage, the connection <c>Orders</c> of its functions.</summary>
    public string Storage { get; } = TestServers.NewStorageAccount();

    /// <summary>The connection string of the host's own storage: locks and timers' progress.</summary>
    public string HostStorage { get; } = TestServers.NewStorageAccount();

    /// <summary>A timer's lock that nobody renews ends after its period, and other hosts look for it as often: as short as the SDK allows.</summary>
    public static IReadOnlyList<(string, string?)> ShortLocks { get; } =
        [("AzureFunctionsJobHost:singleton:listenerLockPeriod", "00:00:15"), ("AzureFunctionsJobHost:singleton:listenerLockRecoveryPollingInterval", "00:00:15")];

    /// <summary>Starts a host; several may run side by side.</summary>
    public FunctionApp Start(params (string Name, string? Value)[] settings) => FunctionApp.Start(Program, new Dictionary<string, string?>
    {
        ["AzureWebJobsStorage"] = HostStorage,
        ["AzureWebJobsOrders"] = Storage,
        ["TextQueue"] = "text-in",
        ["TickSchedule"] = "0 0 0 1 1 *",
        ["LocalHost:AdminPort"] = "0",
        ["LocalHost:StopAtEndOfInput"] = "true",
    }.Concat(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value))));

    public async Task<FunctionApp> StartedAsync(params (string Name, string? Value)[] settings)
    {
        var app = Start(settings);
        await app.StartedAsync();
        return app;
    }

    public Task SendAsync(string queue, string text) => QueueAccount.Of(Storage).GetQueue(queue).SendOrCreateAsync(text, CancellationToken.None);

    /// <summary>As it is, not as base64.</summary>
    public Task SendPlainAsync(string queue, string text) => QueueAccount.Of(Storage).GetPlainQueue(queue).SendOrCreateAsync(text, CancellationToken.None);

    /// <summary>Messages of a queue, hidden ones included; 0 if it does not exist.</summary>
    public async Task<long> CountAsync(string queue) => (await QueueDepth.ReadAsync(QueueAccount.Of(Storage), queue, CancellationToken.None)).Messages;

    /// <summary>Waits until a queue has this many messages, and returns their texts.</summary>
    public async Task<IReadOnlyList<string>> TextsAsync(string queue, int count)
    {
        await Eventually.HoldsAsync(async () => await CountAsync(queue) == count, $"{queue} has {count} messages");
        return [.. (await QueueAccount.Of(Storage).GetPlainQueue(queue).PeekMessagesAsync(32)).Value.Select(message => Decode(message.Body.ToString()))];
    }

    private static string Decode(string stored) =>
        Convert.TryFromBase64String(stored, new byte[stored.Length], out var length) && length > 0 ? System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(stored)) : stored;
}
