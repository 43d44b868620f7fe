using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Events;
using Tally.Tests.Reporting;
using Tally.Tests.Reporting.Events;
using Xunit;

namespace Tally.Tests.EndToEnd;

/// <summary>Events through the queue, the function app and the database.</summary>
[Collection(EndToEndHost.OneAtATime)]
public sealed class DeliveryTests(EndToEndHost host) : IClassFixture<EndToEndHost>
{
    [Fact]
    public async Task Messages_delivered_twice_count_once()
    {
        await host.Reporting.AddAccountAsync(1);
        var events = Load(1, 100);
        string[] messages = [.. events.Take(50).Select(one => EventMessageTests.Json(one)), .. events.Skip(50).Chunk(10).Select(EventMessageTests.Json)];

        await using (var app = host.StartApp())
        {
            await host.Queues.SendAsync(QueueNames.ReportingEvents, messages.Concat(messages));
            await host.Queues.DrainedAsync();
            app.Log.ShouldContain(line => line.Contains("events had been applied before; nothing changed for them", StringComparison.Ordinal));
        }

        await ExactlyOnce.CheckAsync(host.Reporting, 1, events);
    }

    [Fact]
    public async Task A_bad_message_is_poisoned_with_its_reason_and_succeeds_once_redriven()
    {
        await host.Reporting.AddAccountAsync(2);
        var (known, unknown) = (TestEvent.FirstResponse(2), TestEvent.FirstResponse(3));
        var message = EventMessageTests.Json(known, unknown);
        await using var app = host.StartApp();

        await host.Queues.SendAsync(QueueNames.ReportingEvents, message);
        await host.Queues.DrainedAsync();

        const string poisonQueue = QueueNames.ReportingEvents + QueueNames.PoisonSuffix;
        (await host.Queues[poisonQueue].PeekMessagesAsync(32)).Value.ShouldHaveSingleItem().Body.ToString().ShouldBe(message);
        app.Log.ShouldContain(line => line.Contains(poisonQueue, StringComparison.Ordinal));
        app.Log.ShouldContain(line => line.Contains("event 1: 'accountId' names account 3, which does not exist", StringComparison.Ordinal));
        await ExactlyOnce.CheckAsync(host.Reporting, 2, [known]);

        await host.Reporting.AddAccountAsync(3);
        await host.Queues.RedriveAsync(QueueNames.ReportingEvents);
        await host.Queues.DrainedAsync();

        (await host.Queues.CountAsync(poisonQueue)).ShouldBe(0);
        await ExactlyOnce.CheckAsync(host.Reporting, 2, [known]);
        await ExactlyOnce.CheckAsync(host.Reporting, 3, [unknown]);
    }

    [Fact]
    public async Task A_failure_names_the_queues_message_and_not_the_event_in_it()
    {
        var unknown = TestEvent.FirstResponse(404);
        await using var app = host.StartApp();

        var message = (await host.Queues[QueueNames.ReportingEvents].SendMessageAsync(EventMessageTests.Json(unknown))).Value;
        await host.Queues.DrainedAsync();

        app.Log.ShouldContain(line => line.Contains($"Message {message.MessageId}: 1 of 1 events cannot be applied", StringComparison.Ordinal));
        app.Log.ShouldNotContain(line => line.Contains($"Message {unknown.Id}", StringComparison.Ordinal));
        await host.Queues[QueueNames.ReportingEvents + QueueNames.PoisonSuffix].ClearMessagesAsync();
    }

    [Fact]
    public async Task A_failure_that_says_what_to_mend_logs_no_stack()
    {
        await using var app = host.StartApp();

        await host.Queues.SendAsync(QueueNames.ReportingEvents, EventMessageTests.Json(TestEvent.FirstResponse(405)));
        await host.Queues.DrainedAsync();

        app.Log.ShouldContain(line => line.Contains("1 of 1 events cannot be applied", StringComparison.Ordinal));
        app.Log.ShouldNotContain(line => line.Contains(" at Tally.Reporting", StringComparison.Ordinal));
        await host.Queues[QueueNames.ReportingEvents + QueueNames.PoisonSuffix].ClearMessagesAsync();
    }

    [Fact]
    public async Task Two_function_apps_share_a_queue()
    {
        await host.Reporting.AddAccountAsync(4);
        var events = Load(4, 400);
        await host.Queues.SendAsync(QueueNames.ReportingEvents, events.Select(one => EventMessageTests.Json(one)));

        await using var first = host.StartApp();
        await using var second = host.StartApp();
        await host.Queues.DrainedAsync();

        await ExactlyOnce.CheckAsync(host.Reporting, 4, events);
        first.Log.Concat(second.Log).Where(line => line.Contains(" fail: ", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static ReportingEvent[] Load(long account, int count) => [.. Enumerable.Range(0, count).Select(index => TestEvent.Of(
        account, index % 3 == 0 ? "conversation_bot_handoff" : "conversation_resolved", index, index / 2m, user: index % 5 + 1, inbox: index % 2 + 1, conversation: index % 17 + 1,
        at: TestEvent.Noon - NodaTime.Duration.FromHours(index % 50)))];
}
