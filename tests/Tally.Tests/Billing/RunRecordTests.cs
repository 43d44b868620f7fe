using NodaTime;
using Shouldly;
using Tally.Billing.Refresh;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

/// <summary>Records of refreshes go when they are old, unless something still stands on them.</summary>
public sealed class RunRecordTests(TestDatabase database) : BillingTest(database)
{
    [Fact]
    public async Task Old_runs_go_with_their_days_and_those_that_explain_a_correction_stay()
    {
        var day = new LocalDate(2024, 5, 10);
        await World.RateAsync(0.01m, Instant.FromUtc(2024, 1, 1, 0, 0));
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, createdAt: Instant.FromUtc(2024, 5, 10, 10, 0));
        await RefreshAsync(day);
        await World.NotificationAsync(template, createdAt: Instant.FromUtc(2024, 5, 10, 10, 0));
        await RefreshAsync(day);
        await Get<ScheduledRefresh>().RunAsync(new RuntimeLimiter(() => false), None);
        (await CountAsync()).ShouldBe((4, 13));

        Clock.AdvanceDays(400);
        await Get<RefreshRecordPurger>().RemoveAsync(None);
        (await CountAsync()).ShouldBe((4, 13));
        Clock.AdvanceMinutes(1);
        await Get<RefreshRecordPurger>().RemoveAsync(None);

        (await CountAsync()).ShouldBe((2, 11), "the last night, and the one that corrected");
        (await ScalarAsync<long>("SELECT count(*) FROM billing.refresh_runs WHERE kind = 'nightly'")).ShouldBe(1);
        (await ScalarAsync<long>("SELECT count(*) FROM billing.refresh_runs JOIN billing.corrections ON run_id = refresh_runs.id")).ShouldBe(1);
    }

    private async Task<(long Runs, long Days)> CountAsync() =>
        (await ScalarAsync<long>("SELECT count(*) FROM billing.refresh_runs"), await ScalarAsync<long>("SELECT count(*) FROM billing.refresh_run_days"));
}
