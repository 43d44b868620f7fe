using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Shouldly;
using Tally.Tests.EndToEnd;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.LocalHost;

/// <summary>A storage that stops under a running host, and starts again.</summary>
[Collection(TestApp.OneAtATime)]
public sealed class StorageOutageTests : IAsyncLifetime
{
    private readonly TestApp _app = new();
    private readonly TcpLink _queues;
    private readonly TcpLink _blobs;
    private readonly string _storage;

    public StorageOutageTests()
    {
        var (queues, blobs) = (new QueueServiceClient(_app.Storage).Uri, new BlobServiceClient(_app.Storage).Uri);
        (_queues, _blobs) = (new TcpLink(queues.Port), new TcpLink(blobs.Port));
        _storage = _app.Storage.Replace(queues.Authority, $"127.0.0.1:{_queues.Port}", StringComparison.Ordinal).Replace(blobs.Authority, $"127.0.0.1:{_blobs.Port}", StringComparison.Ordinal);
    }

    private (string, string?)[] Settings =>
    [
        ("AzureWebJobsStorage", _storage),
        ("AzureWebJobsOrders", _storage),
        // Without tries of the client's own, the outage is one from the first refusal on.
        ("AzureWebJobsStorage:retry:maxRetries", "0"),
        ("AzureWebJobsOrders:retry:maxRetries", "0"),
        ("TickSchedule", "* * * * * *"),
        .. TestApp.ShortLocks,
    ];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _queues.DisposeAsync();
        await _blobs.DisposeAsync();
    }

    [Fact]
    public async Task Functions_go_on_after_a_storage_that_was_gone_and_the_worker_stays()
    {
        await using var host = await _app.StartedAsync(Settings);
        await _app.SendAsync("slow-in", "before");
        await host.LoggedAsync("Slow before done");
        await host.LoggedAsync("Tick, past due");

        await Task.WhenAll(_queues.CutAsync(), _blobs.CutAsync());
        await host.LoggedAsync("The storage does not answer", times: 2);
        var ticks = host.Log.Count(line => line.Contains("Tick, past due", StringComparison.Ordinal));
        // It comes another way, as from another machine.
        await _app.SendAsync("slow-in", "meanwhile");
        _queues.Mend();
        _blobs.Mend();

        await host.LoggedAsync("Slow meanwhile done");
        await host.LoggedAsync("Tick, past due", ticks + 1);
        host.Workers.Count.ShouldBe(1);
        (await host.StopAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_host_whose_storage_hangs_stops_in_order_all_the_same()
    {
        await using var host = await _app.StartedAsync(Settings);
        await host.LoggedAsync("Tick, past due");
        _queues.Clog();
        _blobs.Clog();

        (await host.StopAsync()).ShouldBe(0, host.LastOutput);
    }

    [Fact]
    public async Task A_host_that_starts_before_its_storage_waits_for_it()
    {
        await Task.WhenAll(_queues.CutAsync(), _blobs.CutAsync());
        await using var host = _app.Start(Settings);
        await host.LoggedAsync("The storage does not answer");

        _queues.Mend();
        _blobs.Mend();

        await host.StartedAsync();
    }
}
