using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Events;

/// <summary>An event is known by its account and its id.</summary>
public sealed class IdempotencyTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static readonly Instant NextDay = TestEvent.Noon + Duration.FromDays(1);

    [Fact]
    public async Task Redelivery_changes_nothing_where_the_original_counted_twice()
    {
        await host.AddAccountAsync(1);
        var one = TestEvent.Of(1, "conversation_resolved", 120, 45);

        (await host.ApplyAsync(one)).ShouldBe([EventOutcome.Applied]);
        (await host.ApplyAsync(one)).ShouldBe([EventOutcome.Duplicate]);

        (await host.TotalAsync(1, "resolution_time")).ShouldBe(Rollup.OfAccount(1, "resolution_time", 1, 120, 45));
        (await host.DayAsync(1, TestEvent.Day))!.EventsCount.ShouldBe(1);
    }

    [Fact]
    public async Task The_same_event_three_times_in_one_batch_counts_once()
    {
        await host.AddAccountAsync(2);
        var one = TestEvent.FirstResponse(2);
        var other = TestEvent.FirstResponse(2);

        (await host.ApplyAsync(one, other, one, one)).ShouldBe([EventOutcome.Applied, EventOutcome.Applied, EventOutcome.Duplicate, EventOutcome.Duplicate]);

        (await host.TotalAsync(2, "first_response"))!.Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_same_id_with_other_contents_in_one_batch_is_a_conflict_and_the_first_stays()
    {
        await host.AddAccountAsync(3);
        var one = TestEvent.FirstResponse(3);

        (await host.ApplyAsync(one, one with { Value = 5 }, one with { CreatedAt = NextDay })).ShouldBe([EventOutcome.Applied, EventOutcome.Conflict, EventOutcome.Conflict]);

        (await StoredEvents.ReadAsync(host.DataSource, 3)).ShouldBe([one]);
        (await host.DifferencesAsync(3)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_field_decides_whether_the_same_id_is_the_same_event()
    {
        await host.AddAccountAsync(4);
        var one = TestEvent.Of(4, "first_response", 100, 60) with { EventStartTime = TestEvent.Noon, EventEndTime = TestEvent.Noon };
        await host.ApplyAsync(one);
        ReportingEvent[] others =
        [
            one with { Name = "reply_time" }, one with { Value = 100.001m }, one with { Value = null }, one with { ValueInBusinessHours = 0 },
            one with { UserId = 1 }, one with { UserId = null }, one with { InboxId = null }, one with { ConversationId = null },
            one with { EventStartTime = null }, one with { EventEndTime = NextDay }, one with { CreatedAt = NextDay },
        ];

        foreach (var other in others) (await host.ApplyAsync(other)).ShouldBe([EventOutcome.Conflict], other.ToString());

        (await host.ApplyAsync(one with { Value = 100.00m })).ShouldBe([EventOutcome.Duplicate], "trailing zeros are no difference");
        (await StoredEvents.ReadAsync(host.DataSource, 4)).ShouldBe([one]);
        (await host.RollupsAsync(4)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task The_same_id_in_two_accounts_is_two_events()
    {
        await host.AddAccountAsync(5);
        await host.AddAccountAsync(6);
        var one = TestEvent.FirstResponse(5);

        (await host.ApplyAsync(one, one with { AccountId = 6 })).ShouldBe([EventOutcome.Applied, EventOutcome.Applied]);
        (await host.ApplyAsync(one with { AccountId = 6 })).ShouldBe([EventOutcome.Duplicate]);

        (await host.TotalAsync(5, "first_response"))!.Count.ShouldBe(1);
        (await host.TotalAsync(6, "first_response"))!.Count.ShouldBe(1);
    }

    [Fact]
    public async Task New_events_beside_old_ones_are_applied()
    {
        await host.AddAccountAsync(7);
        var old = Enumerable.Range(0, 5).Select(_ => TestEvent.FirstResponse(7)).ToArray();
        await host.ApplyAsync(old);

        var outcomes = await host.ApplyAsync([old[0], TestEvent.FirstResponse(7), old[1] with { Value = 1 }, TestEvent.FirstResponse(7), old[4]]);

        outcomes.ShouldBe([EventOutcome.Duplicate, EventOutcome.Applied, EventOutcome.Conflict, EventOutcome.Applied, EventOutcome.Duplicate]);
        (await host.TotalAsync(7, "first_response"))!.Count.ShouldBe(7);
    }

    [Fact]
    public async Task One_event_from_many_processes_at_once_counts_once()
    {
        await host.AddAccountAsync(8);
        var one = TestEvent.Of(8, "conversation_resolved", 120, 45);
        var processes = Enumerable.Range(0, 4).Select(_ => host.NewServices()).ToList();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(round =>
            processes[round % 4].GetRequiredService<EventIntake>().ApplyAsync([one], CancellationToken.None)));

        outcomes.SelectMany(outcome => outcome).Count(outcome => outcome == EventOutcome.Applied).ShouldBe(1);
        outcomes.SelectMany(outcome => outcome).Count(outcome => outcome == EventOutcome.Duplicate).ShouldBe(39);
        (await host.TotalAsync(8, "resolution_time")).ShouldBe(Rollup.OfAccount(8, "resolution_time", 1, 120, 45));
        foreach (var process in processes) await process.DisposeAsync();
    }

    [Fact]
    public async Task A_conflict_is_logged_with_event_and_account_and_without_contents()
    {
        await host.AddAccountAsync(9);
        var one = TestEvent.FirstResponse(9);
        var log = new RecordedLog<EventMessageProcessor>();
        var processor = new EventMessageProcessor(host.Get<EventIntake>(), host.Get<AccountDirectory>(), host.Get<Tally.Database.OutageRetry>(), log);
        await processor.ApplyAsync(EventMessageTests.Json(one), "m1", CancellationToken.None);

        (await processor.ApplyAsync(EventMessageTests.Json(one with { Value = 4711 }), "m2", CancellationToken.None)).ShouldBe(new ApplyResult(0, 0, 1));

        var (level, text) = log.Entries.ShouldHaveSingleItem();
        level.ShouldBe(LogLevel.Warning);
        text.ShouldContain("m2");
        text.ShouldContain(one.Id.ToString());
        text.ShouldContain("account 9");
        text.ShouldNotContain("4711");
    }

    [Fact]
    public async Task A_redelivered_message_is_logged_with_its_number_of_duplicates()
    {
        await host.AddAccountAsync(10);
        var (one, other) = (TestEvent.FirstResponse(10), TestEvent.FirstResponse(10));
        var log = new RecordedLog<EventMessageProcessor>();
        var processor = new EventMessageProcessor(host.Get<EventIntake>(), host.Get<AccountDirectory>(), host.Get<Tally.Database.OutageRetry>(), log);
        await processor.ApplyAsync(EventMessageTests.Json(one), "m1", CancellationToken.None);

        (await processor.ApplyAsync(EventMessageTests.Json(one, other), "m2", CancellationToken.None)).ShouldBe(new ApplyResult(1, 1, 0));

        log.Entries.ShouldHaveSingleItem().Text.ShouldBe("Message m2: 1 of 2 events had been applied before; nothing changed for them");
    }
}
