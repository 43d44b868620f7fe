using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NodaTime;
using NodaTime.Testing;
using Shouldly;
using Tally.Functions;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Tally.Tests.LocalRuntime.QueueTriggers;
using Xunit;

namespace Tally.Tests.Functions;

public sealed class FunctionTelemetryTests
{
    [Fact]
    public async Task An_invocation_belongs_to_its_producers_trace_and_tells_its_messages_age()
    {
        const string producer = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var activities = new ConcurrentQueue<Activity>();
        var ages = new ConcurrentQueue<double>();
        using var tracing = Trace(activities);
        using var metering = Measure("tally.queue.age", ages);
        await using var app = await TestApp.StartAsync([typeof(TextFunction)], configure: builder =>
        {
            // Far ahead of the queue's own clock.
            builder.Services.AddSingleton<IClock>(new FakeClock(Instant.FromUtc(2199, 1, 1, 0, 0)));
            builder.UseMiddleware<FunctionTelemetry>();
        });

        await app.SendAsync("in", $$"""{"traceparent":"{{producer}}"}""");

        await Eventually.HoldsAsync(() => app.Probe.Texts.Any() && !activities.IsEmpty, "the function was traced");
        activities.ShouldHaveSingleItem().ParentId.ShouldBe(producer);
        ages.ShouldHaveSingleItem().ShouldBeGreaterThan(1_000_000_000);
    }

    private static ActivityListener Trace(ConcurrentQueue<Activity> activities)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Telemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static MeterListener Measure(string instrument, ConcurrentQueue<double> values)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (published, listener) =>
            {
                if (published.Meter.Name == Telemetry.Name && published.Name == instrument) listener.EnableMeasurementEvents(published);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => values.Enqueue(value));
        listener.Start();
        return listener;
    }
}
