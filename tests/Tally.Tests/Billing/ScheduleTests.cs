using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class ScheduleTests(TestDatabase database) : BillingTest(database)
{
    private static readonly LocalDate FirstOfAugust = new(2019, 8, 1);

    private async Task<RunOutcome> TickAsync(RuntimeLimiter? limiter = null)
    {
        var (outcome, failures) = await Get<ScheduledRefresh>().RunAsync(limiter ?? RuntimeLimiter.OverAfter(int.MaxValue), None);
        return failures.Count == 0 ? outcome : throw new RefreshFailedException(failures);
    }

    private Task<string> DoneAsync(string kind = "nightly") => ScalarAsync<string>(
        """
        SELECT coalesce(string_agg(to_char(local_date, 'MM-DD'), ' ' ORDER BY started_at, local_date DESC), '')
        FROM billing.refresh_runs JOIN billing.refresh_run_days days ON run_id = id WHERE kind = @kind AND days.finished_at IS NOT NULL
        """, new { kind });

    [Fact]
    public async Task A_night_refreshes_the_last_ten_closed_days_latest_first()
    {
        Clock.Reset(Instant.FromUtc(2019, 8, 1, 5, 30));

        (await TickAsync()).ShouldBe(RunOutcome.Completed);

        (await DoneAsync()).ShouldBe("07-31 07-30 07-29 07-28 07-27 07-26 07-25 07-24 07-23 07-22");
        (await DoneAsync("today")).ShouldBe("08-01");
    }

    [Fact]
    public async Task Days_can_be_refreshed_by_hand_from_any_day_back()
    {
        var days = Enumerable.Range(0, 10).Select(back => new LocalDate(2019, 7, 21).PlusDays(-back)).ToList();

        (await Get<ManualRefresh>().RefreshAsync(days)).Select(result => result.LocalDate).ShouldBe(days);

        (await DoneAsync("manual")).ShouldBe("07-21 07-20 07-19 07-18 07-17 07-16 07-15 07-14 07-13 07-12");
    }

    [Fact]
    public async Task A_night_is_had_once_and_today_every_tick()
    {
        Clock.Reset(Instant.FromUtc(2019, 8, 1, 5, 15));
        for (var hour = 0; hour < 5; hour++)
        {
            await TickAsync();
            Clock.AdvanceHours(1);
        }

        (await ScalarAsync<long>("SELECT count(*) FROM billing.refresh_runs WHERE kind = 'nightly'")).ShouldBe(1);
        (await ScalarAsync<long>("SELECT count(*) FROM billing.refresh_runs WHERE kind = 'today'")).ShouldBe(5);
    }

    [Fact]
    public async Task Before_its_hour_a_night_is_not_due()
    {
        Worker(("Billing:NightlyDays", "2"));
        Clock.Reset(Instant.FromUtc(2019, 8, 1, 5, 0));
        await TickAsync();
        Clock.Reset(Instant.FromUtc(2019, 8, 2, 2, 15));
        await TickAsync();
        (await DoneAsync()).ShouldBe("07-31 07-30");

        Clock.Reset(Instant.FromUtc(2019, 8, 2, 3, 15));
        await TickAsync();

        (await DoneAsync()).ShouldBe("07-31 07-30 08-01 07-31");
    }

    [Fact]
    public async Task Missed_nights_are_made_up_with_every_day_they_cover()
    {
        Worker(("Billing:NightlyDays", "3"));
        Clock.Reset(Instant.FromUtc(2019, 7, 20, 5, 0));
        await TickAsync();
        Clock.Reset(Instant.FromUtc(2019, 7, 25, 5, 0));
        await TickAsync();

        (await DoneAsync()).ShouldBe("07-19 07-18 07-17 07-24 07-23 07-22 07-21 07-20 07-19 07-18");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_box_that_is_too_small_goes_on_where_it_stopped(int daysPerTick)
    {
        Clock.Reset(Instant.FromUtc(2019, 8, 1, 5, 0));
        var ticks = 1;
        while (await TickAsync(RuntimeLimiter.OverAfter(daysPerTick - 1)) == RunOutcome.TimeUp) ticks++;

        ticks.ShouldBe((10 + daysPerTick - 1) / daysPerTick);
        (await DoneAsync()).ShouldBe("07-31 07-30 07-29 07-28 07-27 07-26 07-25 07-24 07-23 07-22");
    }

    [Fact]
    public async Task A_night_that_takes_longer_than_a_day_is_finished_before_the_next()
    {
        Worker(("Billing:NightlyDays", "3"));
        Clock.Reset(Instant.FromUtc(2019, 8, 1, 5, 0));
        await TickAsync(RuntimeLimiter.OverAfter(0));
        Clock.AdvanceDays(1);
        await TickAsync(RuntimeLimiter.OverAfter(0));
        (await DoneAsync()).ShouldBe("07-31 07-30");
        (await TickAsync(RuntimeLimiter.OverAfter(0))).ShouldBe(RunOutcome.TimeUp);

        (await TickAsync()).ShouldBe(RunOutcome.Completed);

        (await DoneAsync()).ShouldBe("07-31 07-30 07-29 08-01 07-31 07-30");
    }

    [Fact]
    public async Task A_day_without_a_rate_does_not_keep_the_others_from_being_billed_and_is_due_again_the_next_night()
    {
        Worker(("Billing:NightlyDays", "2"));
        Clock.Reset(Instant.FromUtc(2019, 8, 1, 5, 0));
        var (sms, email) = (await World.TemplateAsync("sms"), await World.TemplateAsync("email"));
        await World.NotificationAsync(sms, createdAt: Instant.FromUtc(2019, 7, 31, 10, 0));
        await World.NotificationAsync(email, createdAt: Instant.FromUtc(2019, 7, 30, 10, 0));

        (await Should.ThrowAsync<RefreshFailedException>(() => TickAsync())).Message.ShouldStartWith("2019-07-31: SMS were sent");

        (await FactsAsync()).ShouldHaveSingleItem().NotificationType.ShouldBe("email");
        (await TickAsync()).ShouldBe(RunOutcome.Completed, "the night is over; what failed waits for the next one");
        await World.RateAsync(0.02m, Instant.FromUtc(2019, 1, 1, 0, 0));
        Clock.AdvanceDays(3);
        await TickAsync();

        (await FactsAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_failure_of_a_day_that_cannot_be_noted_is_the_one_that_is_thrown()
    {
        await World.NotificationAsync(await World.TemplateAsync(), createdAt: Clock.GetCurrentInstant());
        await ExecuteAsync("""
            CREATE FUNCTION refuse_note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no notes''; END';
            CREATE TRIGGER refuse_note BEFORE UPDATE OF error ON billing.refresh_run_days FOR EACH ROW WHEN (NEW.error IS NOT NULL) EXECUTE FUNCTION refuse_note()
            """);
        try
        {
            (await Should.ThrowAsync<BillingException>(() => TickAsync())).Message.ShouldContain("SMS were sent");
        }
        finally
        {
            await ExecuteAsync("DROP TRIGGER refuse_note ON billing.refresh_run_days; DROP FUNCTION refuse_note()");
        }
    }

    [Fact]
    public async Task A_failed_day_outside_the_next_window_is_due_all_the_same()
    {
        Worker(("Billing:NightlyDays", "1"));
        Clock.Reset(Instant.FromUtc(2019, 8, 1, 5, 0));
        await World.NotificationAsync(await World.TemplateAsync(), createdAt: Instant.FromUtc(2019, 7, 31, 10, 0));
        await Should.ThrowAsync<RefreshFailedException>(() => TickAsync());
        for (var night = 0; night < 2; night++)
        {
            Clock.AdvanceDays(1);
            await Should.ThrowAsync<RefreshFailedException>(() => TickAsync());
        }

        await World.RateAsync(0.02m, Instant.FromUtc(2019, 1, 1, 0, 0));
        Clock.AdvanceDays(1);
        await TickAsync();

        (await FactsAsync()).ShouldHaveSingleItem().LocalDate.ShouldBe(new LocalDate(2019, 7, 31));
    }

    [Fact]
    public async Task A_second_worker_leaves_the_schedule_to_the_first()
    {
        Clock.Reset(Instant.FromUtc(2019, 8, 1, 5, 0));
        var lease = await Worker().GetRequiredService<RefreshLease>().TakeAsync(None);

        (await TickAsync()).ShouldBe(RunOutcome.LeaseHeldElsewhere);
        (await DoneAsync("today")).ShouldBe("");

        await Get<RefreshLease>().ReleaseAsync(lease!, None);
        (await TickAsync()).ShouldBe(RunOutcome.Completed);
    }

    [Fact]
    public async Task A_worker_that_slept_through_its_lease_commits_no_further_day()
    {
        await World.NotificationAsync(await World.TemplateAsync("email"));
        var lease = await Worker().GetRequiredService<RefreshLease>().TakeAsync(None);
        var run = (await Get<RefreshLog>().OpenAsync("today", [new LocalDate(2024, 6, 15)]))!.Value;
        await ExecuteAsync("UPDATE billing.refresh_lease SET lease_until = now() - interval '1 second'");
        (await Worker().GetRequiredService<RefreshLease>().TakeAsync(None)).ShouldNotBeNull();

        await Should.ThrowAsync<LeaseLostException>(() => Get<FactRebuilder>().RunAsync(new LocalDate(2024, 6, 15), new RebuildRequest(run, null, false, lease), None));

        (await FactsAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("2019-08-01T02:59:59Z", "2019-07-31")]
    [InlineData("2019-08-01T03:00:00Z", "2019-08-01")]
    [InlineData("2019-08-01T23:59:59Z", "2019-08-01")]
    public void A_night_is_due_from_its_hour_on(string now, string night) =>
        Nights.LatestDue(NodaTime.Text.InstantPattern.ExtendedIso.Parse(now).Value, 3).ShouldBe(NodaTime.Text.LocalDatePattern.Iso.Parse(night).Value);

    [Fact]
    public void A_clock_that_went_back_makes_no_night_due() => Nights.DaysToRefresh(FirstOfAugust, FirstOfAugust.PlusDays(2), 10).ShouldBeEmpty();
}
