using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NodaTime;
using Shouldly;
using Tally.Functions;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Tally.Tests.LocalRuntime.QueueTriggers;
using Xunit;

namespace Tally.Tests.Functions;

/// <summary>What the middleware records of an invocation whose message is bound as bytes, as all of Tally's are.</summary>
public sealed class FunctionTelemetryTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    [Theory]
    [InlineData("""{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}""", true)]
    [InlineData("""[{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}]""", false)]
    [InlineData("""{"traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": 1}}""", false)]
    [InlineData("""{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" """, false)]
    [InlineData("""{"id": 1}""", false)]
    public async Task An_object_message_carries_on_the_trace_of_its_producer(string message, bool carriesOn)
    {
        using var recorded = new RecordedActivities();
        await using var app = await TestApp.StartAsync(
            [typeof(BytesFunction)],
            configure: builder =>
            {
                builder.Services.AddSingleton<IClock>(new NodaTime.Testing.FakeClock(Instant.FromUtc(2026, 2, 12, 10, 0)));
                builder.UseMiddleware<FunctionTelemetry>();
            });

        await app.SendAsync("in", message);
        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the function has succeeded");

        var invocation = app.Probe.Calls.ShouldHaveSingleItem().Context.InvocationId;
        var activity = recorded.All.Single(one => (string?)one.GetTagItem("faas.invocation_id") == invocation);
        activity.OperationName.ShouldBe("Bytes");
        (activity.TraceId.ToHexString() == Trace).ShouldBe(carriesOn);
    }

    [Fact]
    public async Task An_invocation_tells_how_long_its_message_had_waited()
    {
        var ages = new ConcurrentQueue<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == Telemetry.Name && instrument.Name == "tally.queue.age") listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, age, _, _) => ages.Enqueue(age));
        listener.Start();
        await using var app = await TestApp.StartAsync([typeof(TextFunction)], configure: builder =>
        {
            // Far ahead of the queue's own clock.
            builder.Services.AddSingleton<IClock>(new NodaTime.Testing.FakeClock(Instant.FromUtc(2199, 1, 1, 0, 0)));
            builder.UseMiddleware<FunctionTelemetry>();
        });

        await app.SendAsync("in", "waits");

        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the function has succeeded");
        ages.ShouldHaveSingleItem().ShouldBeGreaterThan(1_000_000_000);
    }

    private sealed class RecordedActivities : IDisposable
    {
        private readonly ActivityListener _listener;

        public RecordedActivities()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == Telemetry.Name,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = All.Add,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public ConcurrentBag<Activity> All { get; } = [];

        public void Dispose() => _listener.Dispose();
    }
}
