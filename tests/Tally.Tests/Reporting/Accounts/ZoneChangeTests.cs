using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Accounts;

/// <summary>An account's zone changes from New York to another; the clock shows 2026-02-12T10:00Z.</summary>
public sealed class ZoneChangeTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    // In New York it is the 11th, in Tokyo the 12th.
    private static readonly Instant Evening = Instant.FromUtc(2026, 2, 12, 1, 0);

    [Fact]
    public async Task A_known_zone_is_set_and_an_unknown_one_refused()
    {
        await host.AddAccountAsync(44, null);

        (await host.Get<AccountStore>().SetTimezoneAsync(44, "America/New_York")).Account.ReportingTimezone.ShouldBe("America/New_York");
        (await Should.ThrowAsync<UnknownTimeZoneException>(() => host.Get<AccountStore>().SetTimezoneAsync(44, "Invalid/Timezone"))).Message.ShouldStartWith("'Invalid/Timezone' is not an IANA time zone id.");

        (await host.Get<AccountStore>().FindAsync(44))!.ReportingTimezone.ShouldBe("America/New_York");
    }

    [Fact]
    public async Task An_unknown_account_is_refused_with_what_to_do() =>
        (await Should.ThrowAsync<UnknownAccountException>(() => host.Get<AccountStore>().SetTimezoneAsync(404, "Asia/Tokyo"))).Message
            .ShouldBe("Account 404 does not exist. Create it with 'tally account create 404'.");

    [Fact]
    public async Task Mixed_zones_are_never_covered_and_a_rebuild_sorts_them_out()
    {
        await host.AddAccountAsync(1);
        await host.ApplyAsync(TestEvent.FirstResponse(1), TestEvent.FirstResponse(1, at: Evening), TestEvent.FirstResponse(1, at: TestEvent.Noon - Duration.FromDays(1)));
        (await CoveredDays.CheckAsync(host.DataSource, 1)).ShouldBe(2);

        var change = await host.Get<AccountStore>().SetTimezoneAsync(1, "Asia/Tokyo");

        (await CoveredDays.CheckAsync(host.DataSource, 1)).ShouldBe(0);
        (await host.DifferencesAsync(1)).Select(difference => difference.State).Distinct().ShouldBe(["stale"]);
        await host.ApplyAsync(TestEvent.FirstResponse(1, at: Evening));
        await host.RunAsync(change.Backfill!);
        (await CoveredDays.CheckAsync(host.DataSource, 1)).ShouldBe(3);
        (await host.DifferencesAsync(1)).ShouldBeEmpty();
        (await host.RollupsAsync(1)).Select(row => (row.Date, row.Count)).Distinct().ShouldBe([(TestEvent.Day, 1), (TestEvent.Day.PlusDays(1), 3)]);
    }

    [Fact]
    public async Task Orphan_rows_of_the_old_zones_edge_day_do_not_survive()
    {
        await host.AddAccountAsync(2);
        await host.ApplyAsync(TestEvent.FirstResponse(2, at: Evening));

        var change = await host.Get<AccountStore>().SetTimezoneAsync(2, "Asia/Tokyo");

        (change.Backfill!.FromDate, change.Backfill.ToDate).ShouldBe((TestEvent.Day, TestEvent.Day.PlusDays(1)), "the 11th has an old row, the 12th the event");
        await host.RunAsync(change.Backfill);
        (await host.RollupsAsync(2)).Select(row => row.Date).Distinct().ShouldBe([TestEvent.Day.PlusDays(1)]);
        (await host.DayAsync(2, TestEvent.Day)).ShouldBe(new StoredDay("Asia/Tokyo", "complete", 0));
    }

    [Fact]
    public async Task Orphan_rows_of_the_old_zones_last_day_do_not_survive_a_change_to_the_west()
    {
        await host.AddAccountAsync(3, "Asia/Tokyo");
        await host.ApplyAsync(TestEvent.FirstResponse(3, at: Evening));

        await host.RunAsync((await host.Get<AccountStore>().SetTimezoneAsync(3, "America/New_York")).Backfill!);

        (await host.RollupsAsync(3)).Select(row => row.Date).Distinct().ShouldBe([TestEvent.Day]);
    }

    [Fact]
    public async Task An_event_on_a_day_of_the_old_zone_is_stored_and_counted_when_the_day_is_rebuilt()
    {
        await host.AddAccountAsync(4);
        await host.ApplyAsync(TestEvent.FirstResponse(4));
        await host.Get<AccountStore>().SetTimezoneAsync(4, "America/Chicago");

        (await host.ApplyAsync(TestEvent.FirstResponse(4))).ShouldBe([EventOutcome.Applied]);

        (await host.TotalAsync(4, "first_response"))!.Count.ShouldBe(1, "two zones never share a day's rows");
        await host.RebuildAsync(4, TestEvent.Day);
        (await host.TotalAsync(4, "first_response"))!.Count.ShouldBe(2);
        (await CoveredDays.CheckAsync(host.DataSource, 4)).ShouldBe(1);
    }

    [Fact]
    public async Task A_zone_that_comes_back_finds_its_days_dirty()
    {
        await host.AddAccountAsync(5);
        await host.ApplyAsync(TestEvent.FirstResponse(5));
        await host.Get<AccountStore>().SetTimezoneAsync(5, "Asia/Tokyo");
        // In Tokyo an event of the 12th, a day without rows; in New York one of the 11th.
        await host.ApplyAsync(TestEvent.FirstResponse(5, at: Evening));

        var back = await host.Get<AccountStore>().SetTimezoneAsync(5, "America/New_York");

        (await host.DayAsync(5, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "dirty", 1));
        (await CoveredDays.CheckAsync(host.DataSource, 5)).ShouldBe(0);
        await host.RunAsync(back.Backfill!);
        (await CoveredDays.CheckAsync(host.DataSource, 5)).ShouldBe(2);
        (await host.RollupsAsync(5)).Select(row => (row.Date, row.Count)).Distinct().ShouldBe([(TestEvent.Day, 2)]);
    }

    [Fact]
    public async Task A_zone_changed_by_hand_uncovers_its_days_too()
    {
        await host.AddAccountAsync(6);
        await host.ApplyAsync(TestEvent.FirstResponse(6));
        await host.ExecuteAsync("UPDATE reporting.accounts SET reporting_timezone = NULL WHERE id = 6");
        // The original lost these for good, and nothing told of it.
        await host.ApplyAsync(TestEvent.FirstResponse(6));

        await host.ExecuteAsync("UPDATE reporting.accounts SET reporting_timezone = 'America/New_York' WHERE id = 6");

        (await host.DayAsync(6, TestEvent.Day))!.State.ShouldBe("dirty");
        (await CoveredDays.CheckAsync(host.DataSource, 6)).ShouldBe(0);
        await host.RebuildAsync(6, TestEvent.Day);
        (await host.TotalAsync(6, "first_response"))!.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(7, "Asia/Kolkata", "Asia/Calcutta")]
    [InlineData(8, "Asia/Calcutta", "Asia/Kolkata")]
    [InlineData(9, "Asia/Calcutta", "Asia/Calcutta")]
    public async Task Alias_zones_are_one_zone_and_setting_one_for_the_other_changes_nothing(long account, string before, string after)
    {
        await host.AddAccountAsync(account, before);
        await host.ApplyAsync(TestEvent.FirstResponse(account));

        var change = await host.Get<AccountStore>().SetTimezoneAsync(account, after);

        change.Backfill.ShouldBeNull();
        (await host.DayAsync(account, TestEvent.Day)).ShouldBe(new StoredDay("Asia/Kolkata", "live", 1));
        (await CoveredDays.CheckAsync(host.DataSource, account)).ShouldBe(1);
        (await host.RebuildAsync(account, TestEvent.Day)).ShouldBe(RebuildOutcome.Unchanged);
        (await host.DifferencesAsync(account)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_zone_is_stored_under_its_canonical_id()
    {
        await host.AddAccountAsync(10);

        (await host.Get<AccountStore>().SetTimezoneAsync(10, "Asia/Calcutta")).Account.ReportingTimezone.ShouldBe("Asia/Kolkata");
    }

    [Fact]
    public async Task An_account_without_history_needs_no_rebuild()
    {
        await host.AddAccountAsync(11);

        (await host.Get<AccountStore>().SetTimezoneAsync(11, "Asia/Tokyo")).Backfill.ShouldBeNull();

        (await host.Get<BackfillRequests>().GetProgressAsync(11)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_rebuild_of_the_history_is_recorded_with_the_change()
    {
        await host.AddAccountAsync(12);
        await host.ApplyAsync(TestEvent.FirstResponse(12));

        var change = await host.Get<AccountStore>().SetTimezoneAsync(12, "Asia/Tokyo");

        var progress = (await host.Get<BackfillRequests>().GetProgressAsync(12)).ShouldHaveSingleItem();
        progress.Request.ShouldBe(change.Backfill);
        (progress.Request.Reason, progress.Request.DropsBases, progress.State).ShouldBe(("zone set to Asia/Tokyo", false, "running"));
        change.PreviousTimezone.ShouldBe("America/New_York");
    }

    [Fact]
    public async Task A_day_that_begins_after_the_change_is_covered_as_it_lives()
    {
        await host.AddAccountAsync(13);
        await host.ApplyAsync(TestEvent.FirstResponse(13));
        await host.Get<AccountStore>().SetTimezoneAsync(13, "Asia/Tokyo");

        await host.ApplyAsync(TestEvent.FirstResponse(13, at: Instant.FromUtc(2026, 2, 12, 15, 0)));

        (await host.DayAsync(13, new LocalDate(2026, 2, 13))).ShouldBe(new StoredDay("Asia/Tokyo", "live", 1));
        (await CoveredDays.CheckAsync(host.DataSource, 13)).ShouldBe(1);
    }

    [Fact]
    public async Task Days_ahead_that_have_events_of_the_old_zone_are_uncovered()
    {
        await host.AddAccountAsync(14);
        var ahead = Instant.FromUtc(2026, 2, 12, 23, 0);
        // In New York still the 12th, in Tokyo the 13th, which has not begun when the zone is set.
        await host.ApplyAsync(TestEvent.FirstResponse(14, at: ahead));

        var change = await host.Get<AccountStore>().SetTimezoneAsync(14, "Asia/Tokyo");
        await host.ApplyAsync(TestEvent.FirstResponse(14, at: ahead));

        (await host.DayAsync(14, new LocalDate(2026, 2, 13)))!.State.ShouldBe("dirty");
        await host.RunAsync(change.Backfill!);
        (await CoveredDays.CheckAsync(host.DataSource, 14)).ShouldBe(2);
        (await host.DifferencesAsync(14)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_process_that_remembers_the_old_zone_counts_in_the_new_one()
    {
        await host.AddAccountAsync(15);
        await host.ApplyAsync(TestEvent.Of(15, "unknown"));
        await using (var commandLine = host.NewServices())
            await ((AccountStore)commandLine.GetService(typeof(AccountStore))!).SetTimezoneAsync(15, "Asia/Tokyo");

        await host.ApplyAsync(TestEvent.FirstResponse(15, at: Evening));

        (await host.RollupsAsync(15)).ShouldAllBe(row => row.Date == TestEvent.Day.PlusDays(1));
        (await host.DayAsync(15, TestEvent.Day.PlusDays(1)))!.Timezone.ShouldBe("Asia/Tokyo");
    }
}
