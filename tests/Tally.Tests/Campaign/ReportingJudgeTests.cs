using NodaTime;
using Shouldly;
using Tally.Campaign;
using Tally.Campaign.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Campaign;

/// <summary>What the campaign's judge says of events that were applied, and of a database that somebody wrote to.</summary>
public sealed class ReportingJudgeTests : IAsyncLifetime
{
    private static readonly CampaignSettings Settings = new() { Seed = 7, Day = new LocalDate(2026, 2, 12), Messages = 200, Accounts = 5, Folder = "" };

    private readonly ReportingHost _host = new();
    private readonly ReportingLoad _load = ReportingLoad.Of(Settings);

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        foreach (var desk in Desk.All(Settings))
        {
            await _host.Get<AccountStore>().CreateAsync(desk.Id);
            await _host.Get<AccountStore>().SetTimezoneAsync(desk.Id, desk.Zone);
        }

        foreach (var message in _load.Messages.Where(message => message.IsBase64))
        {
            try
            {
                await _host.Get<EventMessageProcessor>().ApplyAsync(message.Body, "message", CancellationToken.None);
            }
            catch (InvalidMessageException) when (message.Odd is not null)
            {
                // It is meant to be.
            }
        }
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task What_was_applied_is_right() => (await JudgeAsync()).Wrongs.ShouldBeEmpty();

    [Fact]
    public async Task A_row_that_is_off_by_one_is_named_with_the_events_behind_it()
    {
        await _host.ExecuteAsync(
            """
            UPDATE reporting.reporting_events_rollups SET count = count + 1
            WHERE (account_id, date, metric) = (SELECT account_id, date, metric FROM reporting.reporting_events_rollups WHERE metric = 'reply_time' ORDER BY account_id, date LIMIT 1)
              AND dimension_type = 'account'
            """);

        var wrong = (await JudgeAsync()).Wrongs.ShouldHaveSingleItem();

        wrong.ShouldStartWith("drift: account 1 (Asia/Kathmandu), ");
        wrong.ShouldContain("sent with message ");
    }

    [Fact]
    public async Task An_event_that_is_gone_is_lost()
    {
        await _host.ExecuteAsync("DELETE FROM reporting.reporting_events WHERE id = (SELECT id FROM reporting.reporting_events ORDER BY id LIMIT 1)");

        (await JudgeAsync()).Wrongs.ShouldContain(wrong => wrong.StartsWith("lost: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_event_that_nobody_sent_is_one_too_many()
    {
        await _host.ApplyAsync(TestEvent.FirstResponse(1));

        (await JudgeAsync()).Wrongs.ShouldContain(wrong => wrong.StartsWith("doubled: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_day_that_waits_to_be_rebuilt_is_named()
    {
        await _host.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'dirty' WHERE (account_id, date) = (SELECT account_id, max(date) FROM reporting.reporting_days GROUP BY 1 ORDER BY 1 LIMIT 1)");

        (await JudgeAsync()).Wrongs.ShouldHaveSingleItem().ShouldStartWith("days left uncovered: account 1 ");
    }

    private async Task<Verdict> JudgeAsync()
    {
        var verdict = new Verdict();
        await new ReportingJudge(Settings, _load, []).JudgeAsync(_host.DataSource, verdict, CancellationToken.None);
        return verdict;
    }
}
