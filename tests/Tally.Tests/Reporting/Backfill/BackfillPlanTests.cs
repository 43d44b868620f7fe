using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Backfill;

/// <summary>Which days a backfill takes; the clock shows 2026-02-12T10:00Z, 05:00 in New York.</summary>
public sealed class BackfillPlanTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static readonly LocalDate Today = TestEvent.Day.PlusDays(1);

    [Fact]
    public async Task By_default_from_the_first_events_day_to_yesterday()
    {
        await AddAsync(1, TestEvent.Noon - Duration.FromDays(30), TestEvent.Noon, TestEvent.Noon + Duration.FromHours(15));

        var plan = await PlanAsync(1);

        (plan.From, plan.To, plan.DayCount, plan.Nothing).ShouldBe((TestEvent.Day.PlusDays(-30), TestEvent.Day, 2, null));
        (plan.FirstEvent, plan.LastEvent, plan.Yesterday).ShouldBe((TestEvent.Noon - Duration.FromDays(30), TestEvent.Noon + Duration.FromHours(15), TestEvent.Day));
    }

    [Fact]
    public async Task By_default_not_beyond_the_last_events_day()
    {
        await AddAsync(2, TestEvent.Noon - Duration.FromDays(30), TestEvent.Noon - Duration.FromDays(20));

        (await PlanAsync(2)).To.ShouldBe(TestEvent.Day.PlusDays(-20));
    }

    [Fact]
    public async Task Today_is_left_out()
    {
        await AddAsync(3, host.Clock.GetCurrentInstant());

        var plan = await PlanAsync(3);

        plan.Nothing.ShouldBe("No closed days available to backfill in the default range");
        plan.DayCount.ShouldBe(0);
    }

    [Theory]
    [InlineData(4, "Pacific/Kiritimati", 13)]
    [InlineData(5, "Pacific/Pago_Pago", 11)]
    [InlineData(6, "Asia/Kathmandu", 12)]
    public async Task Yesterday_is_the_accounts_own(long account, string zone, int today)
    {
        await host.AddAccountAsync(account, zone);
        await host.AddRawAsync(TestEvent.FirstResponse(account, at: TestEvent.Noon - Duration.FromDays(9)), TestEvent.FirstResponse(account, at: TestEvent.Noon + Duration.FromDays(9)));

        (await PlanAsync(account)).To.ShouldBe(new LocalDate(2026, 2, today).PlusDays(-1));
    }

    [Fact]
    public async Task Events_of_any_name_bound_the_range()
    {
        await host.AddAccountAsync(7);
        await host.AddRawAsync(TestEvent.Of(7, "conversation_opened", at: TestEvent.Noon - Duration.FromDays(5)), TestEvent.FirstResponse(7));

        (await PlanAsync(7)).From.ShouldBe(TestEvent.Day.PlusDays(-5));
    }

    [Fact]
    public async Task Days_asked_for_are_taken_as_they_are()
    {
        await AddAsync(8, TestEvent.Noon);

        var plan = await PlanAsync(8, TestEvent.Day.PlusDays(-100), Today);

        (plan.From, plan.To, plan.Nothing).ShouldBe((TestEvent.Day.PlusDays(-100), Today, null));
        (await PlanAsync(8, from: TestEvent.Day.PlusDays(-2))).To.ShouldBe(TestEvent.Day);
        (await PlanAsync(8, to: Today)).From.ShouldBe(TestEvent.Day);
    }

    [Fact]
    public async Task Without_events_there_is_nothing_to_do()
    {
        await host.AddAccountAsync(9);

        (await PlanAsync(9)).Nothing.ShouldBe("No reporting events found for account 9");
        (await PlanAsync(9, from: TestEvent.Day)).Nothing.ShouldBe("No reporting events found for account 9");
        (await PlanAsync(9, TestEvent.Day, TestEvent.Day)).Nothing.ShouldBe("No day from 2026-02-11 to 2026-02-11 has events or rollups");
    }

    [Fact]
    public async Task A_range_without_days_is_named()
    {
        await AddAsync(10, TestEvent.Noon);

        (await PlanAsync(10, TestEvent.Day, TestEvent.Day.PlusDays(-1))).Nothing.ShouldBe("The range from 2026-02-11 to 2026-02-10 has no day");
    }

    [Fact]
    public async Task A_plan_for_nothing_cannot_be_requested()
    {
        await host.AddAccountAsync(11);

        var plan = await PlanAsync(11);

        (await Should.ThrowAsync<ArgumentException>(() => host.Get<BackfillRequests>().RequestAsync(plan))).Message.ShouldStartWith("No reporting events found for account 11");
    }

    [Fact]
    public async Task A_plan_writes_nothing()
    {
        await AddAsync(12, TestEvent.Noon);

        await PlanAsync(12);

        (await host.Get<BackfillRequests>().GetProgressAsync(12)).ShouldBeEmpty();
        (await host.DayAsync(12, TestEvent.Day)).ShouldBeNull();
    }

    [Theory]
    [InlineData(13, "0226-02-11", null, "'from' is 0226-02-11, which is before 2000-01-01; check the year, or leave 'from' out to begin with the first event's day.")]
    [InlineData(14, "1999-12-31", "2026-02-11", "'from' is 1999-12-31, which is before 2000-01-01; ")]
    [InlineData(15, "2026-02-13", null, "'from' is 2026-02-13, which is after the account's today, 2026-02-12; ")]
    [InlineData(16, null, "2206-02-11", "'to' is 2206-02-11, which is after the account's today, 2026-02-12; check the year, or leave 'to' out to end yesterday.")]
    [InlineData(17, null, "0206-02-11", "'to' is 0206-02-11, which is before 2000-01-01; ")]
    public async Task A_mistyped_year_is_refused_with_the_limit_and_what_to_do(long account, string? from, string? to, string message)
    {
        await AddAsync(account, TestEvent.Noon);

        var refusal = await Should.ThrowAsync<BackfillRangeException>(() => PlanAsync(account, Date(from), Date(to)));

        refusal.Message.ShouldStartWith(message);
    }

    [Fact]
    public async Task Events_of_long_ago_cost_a_day_each()
    {
        await AddAsync(20, Instant.FromUtc(1970, 3, 1, 17, 0), TestEvent.Noon);

        (await PlanAsync(20)).DayCount.ShouldBe(2);
        (await Should.ThrowAsync<BackfillRangeException>(() => PlanAsync(20, new LocalDate(1970, 2, 28), Today))).Message.ShouldStartWith("'from' is 1970-02-28, which is before 1970-03-01; ");
    }

    [Fact]
    public async Task An_unknown_account_is_named() => await Should.ThrowAsync<UnknownAccountException>(() => PlanAsync(404));

    private Task<BackfillPlan> PlanAsync(long account, LocalDate? from = null, LocalDate? to = null) => host.Get<BackfillPlanner>().PlanAsync(account, from, to);

    private static LocalDate? Date(string? text) => text is null ? null : NodaTime.Text.LocalDatePattern.Iso.Parse(text).Value;

    private async Task AddAsync(long account, params Instant[] times)
    {
        await host.AddAccountAsync(account);
        await host.AddRawAsync([.. times.Select(time => TestEvent.FirstResponse(account, at: time))]);
    }
}
