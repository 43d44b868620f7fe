using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Xunit;

namespace Tally.Tests.Reporting.Backfill;

/// <summary>Messages of the queues <c>reporting-backfills</c> and <c>reporting-backfill-days</c>, also those written by hand.</summary>
public sealed class BackfillMessageTests(ReportingHost host) : IClassFixture<ReportingHost>
{

    [Fact]
    public async Task A_failure_of_a_day_that_cannot_be_recorded_is_the_one_that_is_thrown()
    {
        await host.AddAccountAsync(4_040, "Nowhere/Invalid");
        await host.ExecuteAsync("ALTER TABLE reporting.backfill_days RENAME TO away");
        try
        {
            await Should.ThrowAsync<MissingTimeZoneException>(() => host.RebuildAsync(4_040, TestEvent.Day, Guid.NewGuid()));
        }
        finally
        {
            await host.ExecuteAsync("ALTER TABLE reporting.away RENAME TO backfill_days");
        }
    }

    [Fact]
    public async Task A_message_without_request_is_named_by_its_own_id_however_often_it_comes()
    {
        await AddAsync(1);
        var messageId = Guid.NewGuid();

        var first = await host.Get<BackfillSplitter>().FanOutAsync("""{"accountId": 1}""", messageId.ToString());
        var second = await host.Get<BackfillSplitter>().FanOutAsync("""{"accountId": 1}""", messageId.ToString());

        second.Days.ShouldBe(first.Days);
        first.Days.Select(day => (day.RequestId, LocalDate.FromDateOnly(day.Date))).ShouldBe([(messageId, TestEvent.Day), (messageId, TestEvent.Day.PlusDays(-1))]);
        (await host.Get<BackfillRequests>().GetProgressAsync(1)).ShouldHaveSingleItem().Request.Id.ShouldBe(messageId);
    }

    [Fact]
    public async Task A_message_for_nothing_leaves_no_request_and_says_why()
    {
        await host.AddAccountAsync(2);
        var log = new RecordedLog<BackfillSplitter>();
        var backfills = new BackfillSplitter(host.Get<BackfillPlanner>(), host.Get<BackfillRequests>(), host.Get<Tally.Database.OutageRetry>(), host.Clock, log);

        (await backfills.FanOutAsync("""{"accountId": 2}""", Guid.NewGuid().ToString())).ShouldSatisfyAllConditions(
            fanOut => fanOut.Days.ShouldBeEmpty(), fanOut => fanOut.Ranges.ShouldBeEmpty());

        log.Entries.ShouldHaveSingleItem().Text.ShouldEndWith("has nothing to do: No reporting events found for account 2");
        (await host.Get<BackfillRequests>().GetProgressAsync(2)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_names_days_and_nothing_that_a_message_says_drops_a_base()
    {
        await AddAsync(3);
        await host.AddRawAsync([.. Enumerable.Range(10, 3).Select(back => TestEvent.FirstResponse(3, at: TestEvent.Noon - Duration.FromDays(back)))]);

        var fanOut = await host.Get<BackfillSplitter>().FanOutAsync("""{"accountId": 3, "from": "2026-01-30", "to": "2026-02-01", "force": true}""", Guid.NewGuid().ToString());

        fanOut.Days.Select(day => day.Date.Day).ShouldBe([1, 31, 30]);
        (await host.Get<BackfillRequests>().GetProgressAsync(3)).ShouldHaveSingleItem().Request.DropsBases.ShouldBeFalse();
    }

    [Theory]
    [InlineData("no json", "is an invalid")]
    [InlineData("null", "The message is null")]
    [InlineData("{}", "accountId")]
    [InlineData("""{"accountId": "one"}""", "$.accountId")]
    [InlineData("""{"accountId": 1, "from": "yesterday"}""", "$.from")]
    [InlineData("""{"accountId": 1, "to": "2026-02-30"}""", "$.to")]
    [InlineData("""{"accountId": 1, "from": "2026-02-12", "to": "2026-02-11"}""", "'from' 2026-02-12 is after 'to' 2026-02-11")]
    public async Task A_bad_range_names_the_message_and_the_field(string text, string problem) =>
        (await Should.ThrowAsync<InvalidMessageException>(() => host.Get<BackfillSplitter>().FanOutAsync(text, "message-4"))).Message.ShouldSatisfyAllConditions(
            message => message.ShouldStartWith("Message message-4 cannot be applied: "), message => message.ShouldContain(problem));

    [Theory]
    [InlineData("no json", "is an invalid")]
    [InlineData("""{"accountId": 1}""", "date")]
    [InlineData("""{"accountId": 1, "date": "2026-02-30"}""", "$.date")]
    [InlineData("""{"accountId": 1, "date": "2026-02-11", "requestId": "x"}""", "$.requestId")]
    public async Task A_bad_day_names_the_message_and_the_field(string text, string problem) =>
        (await Should.ThrowAsync<InvalidMessageException>(() => host.Get<BackfillWorker>().RebuildAsync(text, "message-5"))).Message.ShouldSatisfyAllConditions(
            message => message.ShouldStartWith("Message message-5 cannot be applied: "), message => message.ShouldContain(problem));

    [Theory]
    [InlineData(7, """{"accountId": 7, "from": "0226-02-11"}""", "'from' is 0226-02-11, which is before 2000-01-01; check the year, or leave 'from' out to begin with the first event's day.")]
    [InlineData(8, """{"accountId": 8, "from": "2026-02-11", "to": "2206-02-11"}""", "'to' is 2206-02-11, which is after the account's today, 2026-02-12; check the year, or leave 'to' out to end yesterday.")]
    public async Task A_mistyped_year_leaves_no_request_and_fans_out_no_day(long account, string text, string problem)
    {
        await AddAsync(account);

        var refusal = await Should.ThrowAsync<InvalidMessageException>(() => host.Get<BackfillSplitter>().FanOutAsync(text, "message-6"));

        refusal.Message.ShouldBe("Message message-6 cannot be applied: " + problem);
        (await host.Get<BackfillRequests>().GetProgressAsync(account)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(10, "from", "0226-02-11")]
    [InlineData(11, "from", "2026-02-12")]
    [InlineData(12, "to", "2206-02-11")]
    [InlineData(13, "to", "2026-02-09")]
    public async Task A_message_asks_for_no_day_beyond_its_request(long account, string field, string date)
    {
        await AddAsync(account);
        var request = await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(account));

        var refusal = await Should.ThrowAsync<InvalidMessageException>(() => host.Get<BackfillSplitter>().FanOutAsync(
            $$"""{"accountId": {{account}}, "requestId": "{{request.Id}}", "{{field}}": "{{date}}"}""", "message-7"));

        refusal.Message.ShouldBe(
            $"Message message-7 cannot be applied: '{field}' is {date}, which is no day of request {request.Id}, from 2026-02-10 to 2026-02-11; leave 'requestId' out for a request of its own.");
    }

    [Fact]
    public async Task A_request_of_another_account_is_refused_with_both_accounts()
    {
        await AddAsync(14);
        await AddAsync(15);
        var request = await host.Get<BackfillRequests>().RequestAsync(await host.Get<BackfillPlanner>().PlanAsync(14));

        var refusal = await Should.ThrowAsync<InvalidMessageException>(() => host.Get<BackfillSplitter>().FanOutAsync($$"""{"accountId": 15, "requestId": "{{request.Id}}"}""", "message-8"));

        refusal.Message.ShouldBe($"Message message-8 cannot be applied: 'requestId' {request.Id} is a request of account 14, and 'accountId' is 15.");
    }

    [Fact]
    public void Messages_have_these_fields()
    {
        var id = Guid.Parse("0198a6f2-7c1e-7d3a-9b1f-2f4f7f1c9a10");

        MessageJson.Serialize(new BackfillMessage { RequestId = id, AccountId = 1, From = new DateOnly(2026, 1, 30), To = new DateOnly(2026, 2, 1) })
            .ShouldBe("""{"requestId":"0198a6f2-7c1e-7d3a-9b1f-2f4f7f1c9a10","accountId":1,"from":"2026-01-30","to":"2026-02-01"}""");
        MessageJson.Serialize(new BackfillDayMessage { RequestId = id, AccountId = 1, Date = new DateOnly(2026, 1, 30) })
            .ShouldBe("""{"requestId":"0198a6f2-7c1e-7d3a-9b1f-2f4f7f1c9a10","accountId":1,"date":"2026-01-30"}""");
    }

    [Fact]
    public async Task A_kept_day_is_logged()
    {
        await AddAsync(6);
        await host.RebuildAsync(6, TestEvent.Day);
        await host.ExecuteAsync("DELETE FROM reporting.reporting_events WHERE account_id = 6");
        var log = new RecordedLog<BackfillWorker>();
        var backfills = new BackfillWorker(host.DataSource, host.Get<BackfillRequests>(), host.Get<DayRebuilder>(), host.Get<Tally.Database.OutageRetry>(), host.Clock, log);

        await backfills.RebuildAsync("""{"accountId": 6, "date": "2026-02-11"}""", "message");

        log.Entries.ShouldHaveSingleItem().Text.ShouldStartWith("Account 6, 2026-02-11: its raw events are gone");
    }

    private async Task AddAsync(long account)
    {
        await host.AddAccountAsync(account);
        await host.AddRawAsync(TestEvent.FirstResponse(account), TestEvent.FirstResponse(account, at: TestEvent.Noon - Duration.FromDays(1)));
    }
}
