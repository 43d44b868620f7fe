using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Events;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Tally.Tests.Reporting.Events;
using Xunit;

namespace Tally.Tests.EndToEnd;

/// <summary>Backfills through the real queues.</summary>
[Collection(EndToEndHost.OneAtATime)]
public sealed class BackfillTests(EndToEndHost host) : IClassFixture<EndToEndHost>
{
    private const int Days = 75;

    [Fact]
    public async Task A_history_is_rebuilt_while_live_events_of_the_same_days_come()
    {
        await host.Reporting.AddAccountAsync(1, "America/Havana");
        var history = Load(1, 600);
        var live = Load(1, 200);
        await host.Reporting.Get<EventImporter>().ImportAsync(history.ToAsyncEnumerable());
        var request = await host.Reporting.Get<BackfillRequests>().RequestAsync(await host.Reporting.Get<BackfillPlanner>().PlanAsync(1));
        await using var app = host.StartApp();

        await Task.WhenAll(
            host.Queues.SendAsync(QueueNames.ReportingBackfills, MessageJson.Serialize(request.ToMessage())),
            host.Queues.SendAsync(QueueNames.ReportingEvents, live.Select(one => EventMessageTests.Json(one))));
        await Eventually.HoldsAsync(async () => (await host.Reporting.Get<BackfillRequests>().GetProgressAsync(1)).Single().State == "completed", "the backfill is complete");
        await host.Queues.DrainedAsync();

        await ExactlyOnce.CheckAsync(host.Reporting, 1, [.. history, .. live]);
        (await CoveredDays.CheckAsync(host.Reporting.DataSource, 1)).ShouldBe(request.DaysTotal);
        request.DaysTotal.ShouldBe(Days);
    }

    [Fact]
    public async Task A_change_of_the_zone_rebuilds_the_history_while_live_events_come()
    {
        await host.Reporting.AddAccountAsync(2);
        var (before, after) = (Load(2, 200), Load(2, 200));
        await using var app = host.StartApp();
        await host.Queues.SendAsync(QueueNames.ReportingEvents, before.Chunk(20).Select(EventMessageTests.Json));

        var sending = host.Queues.SendAsync(QueueNames.ReportingEvents, after.Select(one => EventMessageTests.Json(one)));
        var change = await host.Reporting.Get<AccountStore>().SetTimezoneAsync(2, "Australia/Lord_Howe");
        await sending;
        await host.Queues.DrainedAsync();
        // Days that got their first event after the change are in no request of it; an operator's backfill takes all, today included.
        var request = await host.Reporting.Get<BackfillRequests>().RequestAsync(await host.Reporting.Get<BackfillPlanner>().PlanAsync(2, to: new LocalDate(2026, 2, 12)));
        foreach (var message in new[] { change.Backfill, request }.OfType<BackfillRequest>())
            await host.Queues.SendAsync(QueueNames.ReportingBackfills, MessageJson.Serialize(message.ToMessage()));
        await host.Queues.DrainedAsync();

        await ExactlyOnce.CheckAsync(host.Reporting, 2, [.. before, .. after]);
        (await CoveredDays.CheckAsync(host.Reporting.DataSource, 2)).ShouldBeGreaterThanOrEqualTo(Days);
    }

    [Fact]
    public async Task A_cancelled_backfill_empties_its_queues_and_can_be_resumed()
    {
        await host.Reporting.AddAccountAsync(3);
        var history = Load(3, 300);
        await host.Reporting.AddRawAsync(history);
        var request = await host.Reporting.Get<BackfillRequests>().RequestAsync(await host.Reporting.Get<BackfillPlanner>().PlanAsync(3));
        await host.Reporting.Get<BackfillRequests>().CancelAsync(request.Id);
        await using var app = host.StartApp();

        await host.Queues.SendAsync(QueueNames.ReportingBackfills, MessageJson.Serialize(request.ToMessage()));
        await host.Queues.DrainedAsync();
        (await host.Reporting.RollupsAsync(3)).ShouldBeEmpty();
        await host.Queues.SendAsync(QueueNames.ReportingBackfills, (await host.Reporting.Get<BackfillRequests>().ResumeAsync(request.Id)).Select(MessageJson.Serialize));
        await Eventually.HoldsAsync(async () => (await host.Reporting.Get<BackfillRequests>().GetProgressAsync(3)).Single().State == "completed", "the backfill is complete");

        await ExactlyOnce.CheckAsync(host.Reporting, 3, history);
    }

    /// <summary>Over <see cref="Days"/> days up to the day of <see cref="TestEvent.Noon"/>, some of them around an end of summer time.</summary>
    private static ReportingEvent[] Load(long account, int count) => [.. Enumerable.Range(0, count).Select(index => TestEvent.Of(
        account, index % 3 == 0 ? "conversation_bot_handoff" : "reply_time", index / 8m, index / 16m, user: index % 5 + 1, inbox: index % 2 + 1, conversation: index % 17 + 1,
        at: TestEvent.Noon - Duration.FromHours(24 * (index % Days)) + Duration.FromMinutes(index % 60)))];
}
