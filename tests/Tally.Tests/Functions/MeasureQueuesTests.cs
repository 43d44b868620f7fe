using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using NodaTime.Testing;
using Shouldly;
using Tally.Azure;
using Tally.Functions;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Functions;

public sealed class MeasureQueuesTests
{
    private static readonly Instant FarAhead = Instant.FromUtc(2199, 1, 1, 0, 0);

    [Fact]
    public async Task The_timer_tells_depth_and_age_of_every_queue_and_poison_queue()
    {
        var storage = TestServers.NewStorageAccount();
        var queues = QueueAccount.Of(storage);
        foreach (var text in new[] { "1", "2" }) await queues.GetQueue(QueueNames.ReportingEvents).SendOrCreateAsync(text, CancellationToken.None);
        await queues.GetQueue(QueueNames.BillingAlerts + QueueNames.PoisonSuffix).SendOrCreateAsync("3", CancellationToken.None);
        await queues.GetQueue(QueueNames.ReportingBackfills).CreateIfNotExistsAsync();
        var measured = new ConcurrentDictionary<(string Instrument, string Queue), double>();
        using var listener = Listen(measured);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(QueueNames.Connection, storage)]).Build();

        await new MeasureQueues(new QueueMeter(configuration, new FakeClock(FarAhead)), new ScheduledRun(TimeSpan.MaxValue, TimeProvider.System, NullLogger<ScheduledRun>.Instance))
            .RunAsync(new TimerInfo(), CancellationToken.None);

        Depths().ShouldBe(
            QueueNames.All.SelectMany(name => new[] { name, name + QueueNames.PoisonSuffix })
                .ToDictionary(name => name, name => name == QueueNames.ReportingEvents ? 2d : name == "billing-alerts-poison" ? 1 : 0),
            ignoreOrder: true);
        measured[("tally.queue.oldest", QueueNames.ReportingEvents)].ShouldBeGreaterThan(Duration.FromDays(365).TotalSeconds);
        measured[("tally.queue.oldest", QueueNames.ReportingBackfills)].ShouldBe(0);

        Dictionary<string, double> Depths() => measured.Where(pair => pair.Key.Instrument == "tally.queue.depth").ToDictionary(pair => pair.Key.Queue, pair => pair.Value);
    }

    [Fact]
    public void An_app_without_queues_is_told_which_setting_is_missing() =>
        Should.Throw<InvalidOperationException>(() => new QueueMeter(new ConfigurationBuilder().Build(), new FakeClock(FarAhead))).Message.ShouldContain("TallyQueues:queueServiceUri");

    private static MeterListener Listen(ConcurrentDictionary<(string Instrument, string Queue), double> measured)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == Telemetry.Name && instrument.Name is "tally.queue.depth" or "tally.queue.oldest") listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => measured[(instrument.Name, QueueOf(tags))] = value);
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => measured[(instrument.Name, QueueOf(tags))] = value);
        listener.Start();
        return listener;
    }

    private static string QueueOf(ReadOnlySpan<KeyValuePair<string, object?>> tags) => (string)tags[0].Value!;
}
