using Dapper;
using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Allowances;
using Tally.Billing.Refresh;
using Tally.Billing.Thresholds;
using Tally.Campaign;
using Tally.Campaign.Billing;
using Tally.Scheduling;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Campaign;

/// <summary>What the campaign's judge says of messages that were billed, with one correction of the rate.</summary>
public sealed class BillingJudgeTests : IAsyncLifetime
{
    private static readonly CampaignSettings Settings = new() { Seed = 7, Day = new LocalDate(2026, 2, 12), Messages = 400, Folder = "" };

    private readonly ReportingHost _host = new();
    private readonly SentMessages _sent = new(Settings);
    private readonly RateBook _book = new();

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        await SentMessages.LoadServicesAsync(_host.ConnectionString, CancellationToken.None);
        await using (var connection = await _host.DataSource.OpenConnectionAsync())
            foreach (var change in _sent.Changes) await connection.ExecuteAsync(change.Sql, change.Parameters);
        foreach (var (from, rate) in new[] { (new LocalDate(2020, 1, 1), 0.0162m), (new LocalDate(2026, 1, 20), 0.0149m) })
        {
            await _host.Get<Rates>().SetAsync("sms", rate, from.AtMidnight().InUtc().ToInstant(), CancellationToken.None);
            _book.Rates[from] = rate;
        }

        await _host.Get<AllowanceBook>().SetAsync(SentMessages.ServiceId(0), 10, Settings.Day.Year, CancellationToken.None);
        _book.Allowances[SentMessages.ServiceId(0)] = 10;
        await _host.Get<ManualRefresh>().RefreshAsync(_sent.AllDays);
        await _host.Get<BillingRefresher>().RunAsync(new RuntimeLimiter(() => false), CancellationToken.None);
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task What_was_billed_is_right()
    {
        var verdict = await JudgeAsync(Delivered());

        verdict.Wrongs.ShouldBeEmpty();
        verdict.Lines.Single(line => line.What == "alerts delivered").Count.ShouldBe("2");
    }

    [Fact]
    public async Task A_fact_that_counts_a_message_twice_is_named()
    {
        await _host.ExecuteAsync("UPDATE billing.ft_billing SET notifications_sent = notifications_sent + 1 WHERE ctid = (SELECT min(ctid) FROM billing.ft_billing)");

        var wrongs = (await JudgeAsync(Delivered())).Wrongs;

        wrongs[0].ShouldStartWith("doubled: Fact { Day = ");
        wrongs.ShouldContain(wrong => wrong.StartsWith("sums of months that are not their facts': ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_alert_that_never_came_is_named() =>
        (await JudgeAsync([.. Delivered().Skip(1)])).Wrongs.ShouldHaveSingleItem().ShouldStartWith("alerts not delivered: ");

    private IReadOnlyList<Guid> Delivered() => [.. _host.Sender.Take<UsageAlert>(QueueNames.BillingAlerts).Select(alert => alert.Id)];

    private async Task<Verdict> JudgeAsync(IReadOnlyList<Guid> delivered)
    {
        var verdict = new Verdict();
        await new BillingJudge(Settings, _sent.Messages, _book).JudgeAsync(_host.ConnectionString, delivered, verdict, CancellationToken.None);
        return verdict;
    }
}
