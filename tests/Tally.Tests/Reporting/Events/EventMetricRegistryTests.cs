using FsCheck.Xunit;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Events;
using Xunit;

namespace Tally.Tests.Reporting.Events;

public sealed class EventMetricRegistryTests
{
    [Fact]
    public void These_events_are_rolled_up_in_this_order() => EventMetricRegistry.EventNames.ShouldBe(
        ["conversation_resolved", "first_response", "reply_time", "conversation_bot_resolved", "conversation_bot_handoff"]);

    [Fact]
    public void A_resolution_counts_once_for_itself_and_once_for_its_duration() => EventMetricRegistry.Amounts("conversation_resolved", 1, 120, 45).ShouldBe(
        [new("resolutions_count", 1, 0, 0), new("resolution_time", 1, 120, 45)]);

    [Fact]
    public void A_first_response_keeps_its_durations() =>
        EventMetricRegistry.Amounts("first_response", 1, 80, 20).ShouldBe([new("first_response", 1, 80, 20)]);

    [Fact]
    public void A_reply_keeps_its_durations() => EventMetricRegistry.Amounts("reply_time", 1, 40, 15).ShouldBe([new("reply_time", 1, 40, 15)]);

    [Fact]
    public void A_bot_resolution_drops_its_durations() =>
        EventMetricRegistry.Amounts("conversation_bot_resolved", 1, 40, 15).ShouldBe([new("bot_resolutions_count", 1, 0, 0)]);

    [Fact]
    public void A_bot_handoff_drops_its_durations() =>
        EventMetricRegistry.Amounts("conversation_bot_handoff", 1, 40, 15).ShouldBe([new("bot_handoffs_count", 1, 0, 0)]);

    [Theory]
    [InlineData("conversation_created")]
    [InlineData("conversation_opened")]
    [InlineData("conversation_captain_inference_resolved")]
    [InlineData("Conversation_Resolved")]
    [InlineData("")]
    [InlineData(null)]
    public void Other_events_feed_no_metric(string? name)
    {
        EventMetricRegistry.For(name).ShouldBeEmpty();
        EventMetricRegistry.Amounts(name).ShouldBeEmpty();
        EventMetricRegistry.Amounts(name, 3, 420, 210).ShouldBeEmpty();
    }

    [Fact]
    public void A_group_of_resolutions_counts_as_many() => EventMetricRegistry.Amounts("conversation_resolved", 3, 420, 210).ShouldBe(
        [new("resolutions_count", 3, 0, 0), new("resolution_time", 3, 420, 210)]);

    [Fact]
    public void Missing_amounts_count_as_nothing() => EventMetricRegistry.Amounts("first_response", null).ShouldBe([new("first_response", 0, 0, 0)]);

    [Property]
    public bool Resolutions_and_their_durations_have_one_count(long count, decimal sum) =>
        EventMetricRegistry.Amounts("conversation_resolved", count, sum, sum).Select(amount => amount.Count).Distinct().Single() == count;

    [Fact]
    public void A_metric_is_fed_by_one_event() =>
        EventMetricRegistry.All.Select(entry => entry.Metric).ShouldBeUnique();
}
