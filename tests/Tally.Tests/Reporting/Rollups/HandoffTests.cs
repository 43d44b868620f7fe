using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Rollups;

/// <summary>Bot handoffs are counted by conversation: once for each day and member, by live events and rebuilds alike.</summary>
public sealed class HandoffTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static readonly (string, long, long)[] SpecifiedCounts = [("account", 0, 3), ("agent", 1, 2), ("agent", 2, 1), ("inbox", 1, 2), ("inbox", 2, 1)];

    [Fact]
    public async Task A_rebuild_counts_conversations()
    {
        await host.AddAccountAsync(39);
        await host.AddRawAsync(Specified(39));

        await host.RebuildAsync(39, TestEvent.Day);

        (await CountsAsync(39)).ShouldBe(SpecifiedCounts);
    }

    [Theory]
    [InlineData(391, 1)]
    [InlineData(392, 2)]
    [InlineData(393, 4)]
    public async Task Live_events_count_conversations_however_they_are_batched(long account, int batchSize)
    {
        await host.AddAccountAsync(account);

        foreach (var batch in Specified(account).Chunk(batchSize)) await host.ApplyAsync(batch);

        (await CountsAsync(account)).ShouldBe(SpecifiedCounts);
        (await host.DifferencesAsync(account)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_handoff_delivered_twice_is_one_event_and_one_handoff()
    {
        await host.AddAccountAsync(25);
        var handoff = TestEvent.Handoff(25, 1);

        (await host.ApplyAsync(handoff)).ShouldBe([EventOutcome.Applied]);
        (await host.ApplyAsync(handoff)).ShouldBe([EventOutcome.Duplicate]);

        (await StoredEvents.ReadAsync(host.DataSource, 25)).ShouldBe([handoff]);
        (await host.TotalAsync(25, "bot_handoffs_count")).ShouldBe(Rollup.OfAccount(25, "bot_handoffs_count", 1));
    }

    [Fact]
    public async Task A_handoff_without_conversation_has_a_row_that_counts_none_live_and_rebuilt()
    {
        await host.AddAccountAsync(901);

        await host.ApplyAsync(TestEvent.Handoff(901, conversation: null));

        (await host.TotalAsync(901, "bot_handoffs_count")).ShouldBe(Rollup.OfAccount(901, "bot_handoffs_count", 0));
        (await host.RebuildAsync(901, TestEvent.Day)).ShouldBe(RebuildOutcome.Unchanged);
        await host.ApplyAsync(TestEvent.Handoff(901, conversation: null), TestEvent.Handoff(901, 5));
        (await host.TotalAsync(901, "bot_handoffs_count")).ShouldBe(Rollup.OfAccount(901, "bot_handoffs_count", 1));
        (await host.DifferencesAsync(901)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_conversation_counts_again_on_another_day()
    {
        await host.AddAccountAsync(92);

        await host.ApplyAsync(TestEvent.Handoff(92, 1, at: Instant.FromUtc(2026, 2, 12, 4, 59)));
        await host.ApplyAsync(TestEvent.Handoff(92, 1, at: Instant.FromUtc(2026, 2, 12, 5, 0)));

        (await host.RollupsAsync(92)).Select(row => row.Count).ShouldBe([1, 1, 1, 1, 1, 1]);
        (await host.DifferencesAsync(92)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_second_handoff_by_another_agent_counts_for_that_agent_alone()
    {
        await host.AddAccountAsync(93);

        await host.ApplyAsync(TestEvent.Handoff(93, 1, user: 1, inbox: 1));
        await host.ApplyAsync(TestEvent.Handoff(93, 1, user: 2, inbox: 1));
        await host.ApplyAsync(TestEvent.Handoff(93, 1, user: null, inbox: 2));

        (await CountsAsync(93)).ShouldBe([("account", 0, 1), ("agent", 1, 1), ("agent", 2, 1), ("inbox", 1, 1), ("inbox", 2, 1)]);
    }

    [Fact]
    public async Task The_same_conversation_number_of_another_account_is_another_conversation()
    {
        await host.AddAccountAsync(94);
        await host.AddAccountAsync(95);

        await host.ApplyAsync(TestEvent.Handoff(94, 1));
        await host.ApplyAsync(TestEvent.Handoff(95, 1));

        (await host.TotalAsync(95, "bot_handoffs_count"))!.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_conversation_handed_off_twice_across_a_second_midnight_counts_once()
    {
        // Havana, 2025-11-02: at one o'clock the clock goes back to midnight.
        await host.AddAccountAsync(96, "America/Havana");

        await host.ApplyAsync(TestEvent.Handoff(96, 1, at: Instant.FromUtc(2025, 11, 2, 4, 30)));
        await host.ApplyAsync(TestEvent.Handoff(96, 1, at: Instant.FromUtc(2025, 11, 2, 5, 30)));

        (await host.RollupsAsync(96)).ShouldAllBe(row => row.Count == 1 && row.Date == new LocalDate(2025, 11, 2));
        (await host.DifferencesAsync(96)).ShouldBeEmpty();
    }

    private static ReportingEvent[] Specified(long account) =>
    [
        TestEvent.Handoff(account, 1, 1, 1), TestEvent.Handoff(account, 1, 1, 1, TestEvent.Noon + Duration.FromMinutes(1)),
        TestEvent.Handoff(account, 2, 1, 1), TestEvent.Handoff(account, 3, 2, 2),
    ];

    private async Task<IEnumerable<(string Dimension, long Id, long Count)>> CountsAsync(long account) =>
        (await host.RollupsAsync(account)).Select(row => (row.Dimension, row.Dimension == "account" ? 0 : row.DimensionId, row.Count));
}
