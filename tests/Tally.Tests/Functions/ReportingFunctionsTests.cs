using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using NodaTime;
using Shouldly;
using Tally.Functions;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Events;
using Tally.Reporting.Poison;
using Tally.Reporting.Rollups;
using Tally.Tests.Reporting;
using Tally.Tests.Reporting.Events;
using Xunit;

namespace Tally.Tests.Functions;

/// <summary>The function classes: what they are bound to, hand on and return.</summary>
public sealed class ReportingFunctionsTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static readonly FakeFunctionContext Context = FakeFunctionContext.OfMessage("0198a6f2-7c1e-7d3a-9b1f-2f4f7f1c9a10");

    [Theory]
    [InlineData(typeof(ApplyReportingEvent), "reporting-events")]
    [InlineData(typeof(FanOutBackfill), "reporting-backfills")]
    [InlineData(typeof(RebuildRollupDay), "reporting-backfill-days")]
    public void A_function_is_named_after_its_class_and_listens_to_its_queue(Type type, string queue)
    {
        var method = type.GetMethods().Single(method => method.GetCustomAttribute<FunctionAttribute>() is not null);

        method.GetCustomAttribute<FunctionAttribute>()!.Name.ShouldBe(type.Name);
        var trigger = method.GetParameters().Select(parameter => parameter.GetCustomAttribute<QueueTriggerAttribute>()).OfType<QueueTriggerAttribute>().ShouldHaveSingleItem();
        (trigger.QueueName, trigger.Connection).ShouldBe((queue, "TallyQueues"));
    }

    [Theory]
    [InlineData(typeof(ApplyReportingEvent))]
    [InlineData(typeof(FanOutBackfill))]
    [InlineData(typeof(RebuildRollupDay))]
    public void A_message_is_bound_as_bytes_so_that_none_of_its_fields_poses_as_its_id(Type type) => type.GetMethods()
        .SelectMany(method => method.GetParameters())
        .Single(parameter => parameter.GetCustomAttribute<QueueTriggerAttribute>() is not null)
        .ParameterType.ShouldBe(typeof(byte[]));

    [Theory]
    [InlineData(nameof(FanOutBackfillOutput.Ranges), "reporting-backfills")]
    [InlineData(nameof(FanOutBackfillOutput.Days), "reporting-backfill-days")]
    public void The_fan_out_puts_ranges_and_days_on_their_queues(string property, string queue)
    {
        var output = typeof(FanOutBackfillOutput).GetProperty(property)!.GetCustomAttribute<QueueOutputAttribute>()!;

        (output.QueueName, output.Connection).ShouldBe((queue, "TallyQueues"));
    }

    [Fact]
    public async Task Events_are_applied()
    {
        await host.AddAccountAsync(1);

        await new ApplyReportingEvent(host.Get<EventMessageProcessor>(), host.Get<LastTry>()).RunAsync(Utf8(EventMessageTests.Json(TestEvent.FirstResponse(1))), Context, CancellationToken.None);

        (await host.TotalAsync(1, "first_response"))!.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_failure_names_the_queue_message() =>
        (await Should.ThrowAsync<InvalidMessageException>(() => new ApplyReportingEvent(host.Get<EventMessageProcessor>(), host.Get<LastTry>()).RunAsync("{}"u8.ToArray(), Context, CancellationToken.None))).Message
            .ShouldStartWith("Message 0198a6f2-7c1e-7d3a-9b1f-2f4f7f1c9a10: 1 of 1 events cannot be applied; the others are. event 0: 'id' is missing");

    [Fact]
    public async Task Without_a_message_id_a_failure_names_the_invocation() =>
        (await Should.ThrowAsync<InvalidMessageException>(() => new ApplyReportingEvent(host.Get<EventMessageProcessor>(), host.Get<LastTry>())
            .RunAsync("{}"u8.ToArray(), new FakeFunctionContext(new Dictionary<string, object?>()), CancellationToken.None))).Message.ShouldStartWith("Message the-invocation: ");

    [Fact]
    public async Task A_short_range_comes_out_as_days_and_a_long_one_as_two_halves()
    {
        await host.AddAccountAsync(2);
        await host.AddRawAsync([.. Enumerable.Range(0, 42).Select(back => TestEvent.FirstResponse(2, back, TestEvent.Noon - Duration.FromDays(back)))]);
        var function = new FanOutBackfill(host.Get<BackfillSplitter>(), host.Get<LastTry>());

        var days = await function.RunAsync("""{"accountId": 2, "from": "2026-02-10", "to": "2026-02-11"}"""u8.ToArray(), FakeFunctionContext.OfMessage(Guid.NewGuid().ToString()), CancellationToken.None);
        var halves = await function.RunAsync("""{"accountId": 2, "from": "2026-01-01", "to": "2026-02-11"}"""u8.ToArray(), FakeFunctionContext.OfMessage(Guid.NewGuid().ToString()), CancellationToken.None);

        (days.Ranges.Length, days.Days.Length).ShouldBe((0, 2));
        (halves.Ranges.Length, halves.Days.Length).ShouldBe((2, 0));
        foreach (var day in days.Days) MessageJson.Deserialize<BackfillDayMessage>(JsonSerializer.SerializeToUtf8Bytes(day)).ShouldBe(day, "whatever serialiser the host brings");
        foreach (var half in halves.Ranges) MessageJson.Deserialize<BackfillMessage>(JsonSerializer.SerializeToUtf8Bytes(half)).ShouldBe(half);
    }

    [Fact]
    public async Task A_day_is_rebuilt()
    {
        await host.AddAccountAsync(3);
        await host.AddRawAsync(TestEvent.FirstResponse(3));

        await new RebuildRollupDay(host.Get<BackfillWorker>(), host.Get<LastTry>()).RunAsync("""{"accountId": 3, "date": "2026-02-11"}"""u8.ToArray(), Context, CancellationToken.None);

        (await CoveredDays.CheckAsync(host.DataSource, 3)).ShouldBe(1);
    }

    [Fact]
    public async Task Cancelling_an_invocation_ends_it()
    {
        await host.AddAccountAsync(4);
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Day(4, TestEvent.Day));
        using var cancellation = new CancellationTokenSource();
        var occupied = Enumerable.Range(0, 2).Select(_ => host.RebuildAsync(4, TestEvent.Day)).ToList();
        await Sessions.ParkedAsync(host.DataSource, Task.WhenAll(occupied), 2);
        var invocation = new RebuildRollupDay(host.Get<BackfillWorker>(), host.Get<LastTry>()).RunAsync("""{"accountId": 4, "date": "2026-02-11"}"""u8.ToArray(), Context, cancellation.Token);

        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => invocation);
        await barrier.ReleaseAsync();
        await Task.WhenAll(occupied);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
