using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Backfill;

/// <summary>Requests as an operator sees them: progress, cancel, resume, failures, repeats.</summary>
public sealed class BackfillRequestTests(ReportingHost host) : IClassFixture<ReportingHost>
{

    [Fact]
    public async Task Progress_counts_days_and_tells_how_long_the_rest_takes()
    {
        var request = await RequestAsync(1, days: 4);
        (await ProgressAsync(1)).ShouldSatisfyAllConditions(
            progress => (progress.DaysDone, progress.DaysTotal, progress.State).ShouldBe((0, 4, "running")),
            progress => progress.TimeLeft.ShouldBeNull());
        host.Clock.AdvanceSeconds(30);

        await host.RebuildAsync(1, request.ToDate, requestId: request.Id);

        (await ProgressAsync(1)).ShouldSatisfyAllConditions(
            progress => (progress.DaysDone, progress.DaysKept, progress.DaysFailed, progress.LastError).ShouldBe((1, 0, 0, null)),
            progress => progress.TimeLeft.ShouldBe(Duration.FromSeconds(90)));
        await host.RunAsync(request);
        (await ProgressAsync(1)).ShouldSatisfyAllConditions(
            progress => (progress.DaysDone, progress.State).ShouldBe((4, "completed")),
            progress => progress.TimeLeft.ShouldBeNull());
    }

    [Fact]
    public async Task Every_day_of_a_long_range_is_rebuilt_once_and_events_are_counted()
    {
        var request = await RequestAsync(2, days: 75);

        await host.RunAsync(request);

        (await host.QueryAsync<LocalDate>("SELECT date FROM reporting.backfill_days WHERE account_id = 2 AND outcome = 'rebuilt' ORDER BY date"))
            .ShouldBe(Enumerable.Range(0, 75).Select(request.FromDate.PlusDays));
        (await CoveredDays.CheckAsync(host.DataSource, 2)).ShouldBe(75);
        (await host.DifferencesAsync(2)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Messages_that_come_again_do_no_harm()
    {
        var request = await RequestAsync(3, days: 20);
        await host.RunAsync(request);
        var rows = await host.RollupsAsync(3);

        await host.RunAsync(request);

        (await host.RollupsAsync(3)).ShouldBe(rows);
        (await ProgressAsync(3)).ShouldSatisfyAllConditions(
            progress => (progress.DaysDone, progress.DaysTotal, progress.State).ShouldBe((20, 20, "completed")));
    }

    [Fact]
    public async Task A_cancelled_request_rebuilds_no_day_and_fans_out_no_more()
    {
        var request = await RequestAsync(4, days: 40);
        await host.RebuildAsync(4, request.ToDate, requestId: request.Id);

        await host.Get<BackfillRequests>().CancelAsync(request.Id);

        (await host.RebuildAsync(4, request.FromDate, requestId: request.Id)).ShouldBe(RebuildOutcome.Cancelled);
        (await host.Get<BackfillSplitter>().FanOutAsync(MessageJson.Serialize(request.ToMessage()), "message")).ShouldSatisfyAllConditions(
            fanOut => fanOut.Days.ShouldBeEmpty(), fanOut => fanOut.Ranges.ShouldBeEmpty());
        (await host.DayAsync(4, request.FromDate)).ShouldBeNull();
        (await host.RollupsAsync(4)).Select(row => row.Date).Distinct().ShouldBe([request.ToDate]);
        (await ProgressAsync(4)).ShouldSatisfyAllConditions(progress => (progress.DaysDone, progress.State, progress.TimeLeft).ShouldBe((1, "cancelled", null)));
    }

    [Fact]
    public async Task A_cancelled_request_holds_up_no_other_request_for_the_same_day()
    {
        var request = await RequestAsync(5, days: 1);
        await host.Get<BackfillRequests>().CancelAsync(request.Id);

        (await host.RebuildAsync(5, request.ToDate)).ShouldBe(RebuildOutcome.Rebuilt);
    }

    [Fact]
    public async Task A_day_that_waits_for_its_lock_when_its_request_is_cancelled_is_left_alone()
    {
        var request = await RequestAsync(6, days: 1);
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Day(6, request.ToDate));
        var rebuild = host.RebuildAsync(6, request.ToDate, requestId: request.Id);
        await Sessions.ParkedAsync(host.DataSource, rebuild, 1);
        await host.Get<BackfillRequests>().CancelAsync(request.Id);
        await barrier.ReleaseAsync();

        (await rebuild).ShouldBe(RebuildOutcome.Cancelled);
        (await host.RollupsAsync(6)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Resuming_returns_just_the_ranges_that_are_missing_newest_first()
    {
        var request = await RequestAsync(7, days: 10);
        foreach (var day in new[] { 0, 1, 4, 8 }) await host.RebuildAsync(7, request.FromDate.PlusDays(day), requestId: request.Id);
        await host.Get<BackfillRequests>().CancelAsync(request.Id);

        var messages = await host.Get<BackfillRequests>().ResumeAsync(request.Id);

        messages.Select(message => (Day(message.From), Day(message.To))).ShouldBe([(9, 9), (5, 7), (2, 3)]);
        messages.ShouldAllBe(message => message.RequestId == request.Id && message.AccountId == 7);
        (await ProgressAsync(7)).State.ShouldBe("running");
        foreach (var message in messages)
            foreach (var day in (await host.Get<BackfillSplitter>().FanOutAsync(MessageJson.Serialize(message), "message")).Days) await host.Get<BackfillWorker>().RebuildAsync(MessageJson.Serialize(day), "message");
        (await ProgressAsync(7)).State.ShouldBe("completed");
        (await host.Get<BackfillRequests>().ResumeAsync(request.Id)).ShouldBeEmpty("nothing is missing");

        int Day(DateOnly? date) => Period.DaysBetween(request.FromDate, LocalDate.FromDateOnly(date!.Value));
    }

    [Fact]
    public async Task A_failed_day_is_recorded_and_a_later_success_makes_up_for_it()
    {
        var request = await RequestAsync(8, days: 3);
        await host.ExecuteAsync("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk of account % is full', NEW.account_id; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON reporting.reporting_events_rollups
                FOR EACH ROW WHEN (NEW.account_id = 8 AND NEW.date = '2026-02-10') EXECUTE FUNCTION refuse();
            """);

        var failed = TestEvent.Day.PlusDays(-1);
        await Should.ThrowAsync<PostgresException>(() => host.RebuildAsync(8, failed, requestId: request.Id));
        await host.RebuildAsync(8, TestEvent.Day, requestId: request.Id);

        (await ProgressAsync(8)).ShouldSatisfyAllConditions(
            progress => (progress.DaysDone, progress.DaysFailed, progress.State).ShouldBe((1, 1, "running")),
            progress => progress.LastError!.ShouldContain("disk of account 8 is full"));
        (await host.Get<BackfillRequests>().ResumeAsync(request.Id)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            message => message.From.ShouldBe(TestEvent.Day.PlusDays(-2).ToDateOnly()), message => message.To.ShouldBe(failed.ToDateOnly()));

        await host.ExecuteAsync("DROP TRIGGER refuse ON reporting.reporting_events_rollups");
        await host.RunAsync(request);

        (await ProgressAsync(8)).ShouldSatisfyAllConditions(
            progress => (progress.DaysDone, progress.DaysFailed, progress.LastError, progress.State).ShouldBe((3, 0, null, "completed")));
    }

    [Fact]
    public async Task A_day_that_fails_takes_no_other_of_its_group_with_it()
    {
        await host.AddAccountAsync(9);
        await host.AddAccountAsync(404, zone: null);
        await host.AddRawAsync(TestEvent.FirstResponse(9));
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Day(9, TestEvent.Day));
        // The first two occupy the writers; the rest form a group with one that cannot succeed.
        var first = host.RebuildAsync(9, TestEvent.Day);
        var second = host.RebuildAsync(9, TestEvent.Day);
        await Sessions.ParkedAsync(host.DataSource, Task.WhenAll(first, second), 2);
        var zoneless = host.RebuildAsync(404, TestEvent.Day);
        var others = Enumerable.Range(1, 5).Select(day => host.RebuildAsync(9, TestEvent.Day.PlusDays(-day))).ToList();
        await barrier.ReleaseAsync();

        await Should.ThrowAsync<MissingTimeZoneException>(() => zoneless);
        (await Task.WhenAll(others)).ShouldAllBe(outcome => outcome == RebuildOutcome.Unchanged);
        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task Inline_a_request_runs_newest_first_and_leaves_out_what_is_done()
    {
        var request = await RequestAsync(10, days: 5);
        await host.RebuildAsync(10, TestEvent.Day.PlusDays(-1), requestId: request.Id);
        var dates = new List<LocalDate>();

        await foreach (var (date, outcome) in host.Get<BackfillWorker>().RebuildInlineAsync(request))
        {
            outcome.ShouldBe(RebuildOutcome.Rebuilt);
            dates.Add(date);
        }

        dates.ShouldBe(new[] { 0, -2, -3, -4 }.Select(TestEvent.Day.PlusDays));
        (await ProgressAsync(10)).State.ShouldBe("completed");
    }

    [Fact]
    public async Task A_request_that_drops_bases_empties_days_whose_events_are_gone()
    {
        await RequestAsync(11, days: 1);
        await host.RebuildAsync(11, TestEvent.Day);
        await host.ExecuteAsync("DELETE FROM reporting.reporting_events WHERE account_id = 11");
        var request = await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(11, TestEvent.Day, TestEvent.Day), reason: "test", dropsBases: true);

        await host.RunAsync(request);

        (await host.RollupsAsync(11)).ShouldBeEmpty();
        (await host.Get<BackfillRequests>().GetProgressAsync(11)).Select(progress => progress.Request).ShouldContain(request);
    }

    [Fact]
    public async Task Requests_are_listed_newest_first_by_account_or_all()
    {
        host.Clock.AdvanceSeconds(1);
        var older = await RequestAsync(12, days: 1);
        host.Clock.AdvanceSeconds(1);
        var newer = await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(12));
        host.Clock.AdvanceSeconds(1);
        var other = await RequestAsync(13, days: 1);

        (await host.Get<BackfillRequests>().GetProgressAsync(12)).Select(progress => progress.Request.Id).ShouldBe([newer.Id, older.Id]);
        (await host.Get<BackfillRequests>().GetProgressAsync()).Select(progress => progress.Request.Id).Take(3).ShouldBe([other.Id, newer.Id, older.Id]);
    }

    [Fact]
    public async Task An_unknown_request_is_refused_with_where_to_look()
    {
        var id = Guid.NewGuid();

        (await Should.ThrowAsync<UnknownBackfillException>(() => host.Get<BackfillRequests>().CancelAsync(id))).Message.ShouldBe($"There is no backfill request {id}. 'tally rollups progress' lists them.");
        await Should.ThrowAsync<UnknownBackfillException>(() => host.Get<BackfillRequests>().ResumeAsync(id));
    }

    private async Task<BackfillProgress> ProgressAsync(long account) => (await host.Get<BackfillRequests>().GetProgressAsync(account)).ShouldHaveSingleItem();

    /// <summary>An account with one raw event on each of these days up to <see cref="TestEvent.Day"/>, and a request for all of them.</summary>
    private async Task<BackfillRequest> RequestAsync(long account, int days)
    {
        await host.AddAccountAsync(account);
        await host.AddRawAsync([.. Enumerable.Range(0, days).Select(day => TestEvent.FirstResponse(account, at: TestEvent.Noon - Duration.FromDays(day)))]);
        var request = await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(account));
        request.DaysTotal.ShouldBe(days);
        return request;
    }
}
