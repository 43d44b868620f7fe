using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using NodaTime;
using NodaTime.Testing;
using Shouldly;
using Tally.Functions;
using Xunit;

namespace Tally.Tests.Functions;

/// <summary>What the middleware records of an invocation whose message is bound as bytes, as all of Tally's are.</summary>
public sealed class FunctionTelemetryTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private static readonly Instant Now = Instant.FromUtc(2026, 2, 12, 10, 0);

    [Theory]
    [InlineData("""{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}""", true)]
    [InlineData("""[{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}]""", false)]
    [InlineData("""{"traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": 1}}""", false)]
    [InlineData("""{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" """, false)]
    [InlineData("""{"id": 1}""", false)]
    public async Task An_object_message_carries_on_the_trace_of_its_producer(string message, bool carriesOn)
    {
        using var recorded = new RecordedActivities();
        var context = new FakeFunctionContext(new Dictionary<string, object?> { ["QueueTrigger"] = message });

        await new FunctionTelemetry(new FakeClock(Now)).Invoke(context, _ => Task.CompletedTask);

        var activity = recorded.All.SingleOrDefault(one => one.OperationName == "TheFunction");
        activity?.GetTagItem("faas.invocation_id").ShouldBe(context.InvocationId);
        (activity?.TraceId.ToHexString()).ShouldBe(carriesOn ? Trace : null);
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
        // As the host sends it: as JSON, so in quotes.
        var context = new FakeFunctionContext(new Dictionary<string, object?> { ["InsertionTime"] = "\"2026-02-12T09:59:30+00:00\"" });

        await new FunctionTelemetry(new FakeClock(Now)).Invoke(context, _ => Task.CompletedTask);

        ages.ShouldHaveSingleItem().ShouldBe(30);
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
