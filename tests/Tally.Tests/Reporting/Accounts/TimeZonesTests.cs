using NodaTime;
using NodaTime.TimeZones;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Xunit;

namespace Tally.Tests.Reporting.Accounts;

public sealed class TimeZonesTests
{
    [Theory]
    [InlineData("America/New_York", "America/New_York")]
    [InlineData("Asia/Calcutta", "Asia/Kolkata")]
    [InlineData("Asia/Katmandu", "Asia/Kathmandu")]
    [InlineData("Asia/Saigon", "Asia/Ho_Chi_Minh")]
    [InlineData("UTC", "Etc/UTC")]
    [InlineData("US/Eastern", "America/New_York")]
    public void An_alias_is_found_under_its_canonical_id(string id, string canonical)
    {
        TimeZones.TryFind(id, out var zone).ShouldBeTrue();

        zone!.Id.ShouldBe(canonical);
        TimeZones.AreSame(id, canonical).ShouldBeTrue();
    }

    [Theory]
    [InlineData("america/new_york")]
    [InlineData("Eastern Standard Time")]
    [InlineData("Chennai")]
    [InlineData("+05:30")]
    [InlineData("UTC+5")]
    [InlineData("")]
    [InlineData(" America/New_York")]
    [InlineData("Invalid/Timezone")]
    [InlineData(null)]
    public void What_is_no_IANA_id_is_refused(string? id) => TimeZones.TryFind(id, out _).ShouldBeFalse();

    [Theory]
    [InlineData("GMT+2", "UTC+02", "Africa/Cairo")]
    [InlineData("UTC+5:30", "UTC+05:30", "Asia/Kolkata")]
    [InlineData("utc-0330", "UTC-03:30", "America/St_Johns")]
    [InlineData("+05:45", "UTC+05:45", "Asia/Kathmandu")]
    public void An_offset_leads_to_the_zones_of_that_offset(string id, string offset, string zone)
    {
        var refusal = Should.Throw<UnknownTimeZoneException>(() => TimeZones.Find(id));

        refusal.Message.ShouldStartWith($"'{id}' is an offset, not an IANA time zone id. Zones at {offset}: '");
        refusal.Message.ShouldNotContain("Etc/GMT");
        refusal.Suggestions.ShouldContain(zone);
    }

    [Fact]
    public void Two_unknown_ids_are_not_the_same_zone()
    {
        TimeZones.AreSame(null, null).ShouldBeFalse();
        TimeZones.AreSame("Invalid/Zone", "Invalid/Zone").ShouldBeFalse();
        TimeZones.AreSame("Asia/Kolkata", "Asia/Colombo").ShouldBeFalse("their offsets are equal, their rules are not");
    }

    [Theory]
    [InlineData("america/new_york", "America/New_York")]
    [InlineData("New York", "America/New_York")]
    [InlineData("Kathmandu", "Asia/Kathmandu")]
    [InlineData("Asia/Kathmandoo", "Asia/Kathmandu")]
    [InlineData("America/Lord_Howe", "Australia/Lord_Howe")]
    [InlineData("Europe/Kyjiv", "Europe/Kyiv")]
    public void An_unknown_id_is_refused_with_the_closest_ones(string id, string suggestion)
    {
        var refusal = Should.Throw<UnknownTimeZoneException>(() => TimeZones.Find(id));

        refusal.Message.ShouldContain($"'{id}' is not an IANA time zone id. Did you mean '{suggestion}'");
        refusal.Suggestions.Count.ShouldBeLessThanOrEqualTo(3);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("qqqqqqqqqqqqqqqqqqqq")]
    public void An_id_like_no_other_is_refused_with_an_example(string id) =>
        Should.Throw<UnknownTimeZoneException>(() => TimeZones.Find(id)).Message.ShouldEndWith("Ids look like 'America/New_York'.");

    [Fact]
    public void Every_suggestion_can_be_used() => new[] { "Munich", "Bombay", "Kalkutta", "Zurich/Europe", "est", "Moskau" }
        .SelectMany(TimeZones.Suggest)
        .Where(id => !TimeZones.TryFind(id, out _))
        .ShouldBeEmpty();

    [Fact]
    public void Every_id_of_the_database_is_found() =>
        TzdbDateTimeZoneSource.Default.GetIds().Where(id => !TimeZones.TryFind(id, out _)).ShouldBeEmpty();

    [Theory]
    [InlineData(5, 45, "Asia/Kathmandu")]
    [InlineData(-5, 0, "America/New_York")]
    [InlineData(10, 30, "Australia/Lord_Howe")]
    [InlineData(-3, -30, "America/St_Johns")]
    [InlineData(0, 0, "Etc/UTC")]
    public void Zones_are_found_by_their_standard_offset_summer_and_winter(int hours, int minutes, string id)
    {
        var offset = Offset.FromHoursAndMinutes(hours, minutes);

        TimeZones.WithStandardOffset(offset, Instant.FromUtc(2026, 1, 15, 0, 0)).ShouldContain(id);
        TimeZones.WithStandardOffset(offset, Instant.FromUtc(2026, 7, 15, 0, 0)).ShouldContain(id);
    }

    [Fact]
    public void Zones_of_an_offset_are_listed_once_by_alphabet_and_under_canonical_ids()
    {
        var ids = TimeZones.WithStandardOffset(Offset.FromHoursAndMinutes(5, 30), Instant.FromUtc(2026, 1, 15, 0, 0));

        ids.ShouldBe(["Asia/Colombo", "Asia/Kolkata"]);
        TimeZones.WithStandardOffset(Offset.FromHoursAndMinutes(5, 15), Instant.FromUtc(2026, 1, 15, 0, 0)).ShouldBeEmpty();
    }
}
