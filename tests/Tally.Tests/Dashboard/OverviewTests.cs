using System.Net;
using NodaTime;
using Shouldly;
using Tally.Dashboard.Views;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Dashboard;

/// <summary>What the overview says of what is wrong, and of reads that take long.</summary>
public sealed class OverviewTests(DashboardHost host) : IClassFixture<DashboardHost>, IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        host.Queues.Answer = _ => Task.FromResult(FakeQueues.None);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_poison_message_comes_with_what_to_type()
    {
        host.Queues.Answer = _ => Task.FromResult<IReadOnlyList<QueueState>>(
            [new("reporting-events", 3, Instant.FromUtc(2026, 2, 12, 9, 0)), new("reporting-events-poison", 2, Instant.FromUtc(2026, 2, 12, 9, 30))]);

        var html = WebUtility.HtmlDecode(await host.Client.GetStringAsync("overview"));

        html.ShouldContain("2 messages of reporting-events failed every try.");
        html.ShouldContain("tally queues redrive reporting-events");
        html.ShouldContain("A message of reporting-events has waited for 1 h");
        html.ShouldNotContain("All is well");
    }

    [Fact]
    public async Task A_poison_message_on_record_is_shown_with_its_reason_even_if_its_queue_has_forgotten_it()
    {
        await host.Reporting.ExecuteAsync("""
            INSERT INTO reporting.poison_messages (queue, message_id, body, reason, tries, failed_at, account_ids)
            VALUES ('reporting-events', 'a', 'x', 'The first reason.', 8, '2026-02-01Z', '{}'), ('reporting-events', 'b', 'y', 'accountId is <missing>.', 8, '2026-02-02Z', '{}'),
                   ('reporting-events', 'c', 'z', 'Dealt with.', 8, '2026-02-03Z', '{}');
            UPDATE reporting.poison_messages SET redriven_at = now() WHERE message_id = 'c'
            """);
        try
        {
            var html = await host.Client.GetStringAsync("overview");
            html.ShouldContain("accountId is &lt;missing&gt;.");
            html.ShouldContain("2 messages of reporting-events failed every try. The last: accountId");
            html.ShouldContain("tally queues redrive reporting-events");
            html.ShouldContain("The first reason.");
            html.ShouldNotContain("Dealt with.");
        }
        finally
        {
            await host.Reporting.ExecuteAsync("TRUNCATE reporting.poison_messages");
        }
    }

    [Fact]
    public async Task A_day_that_a_dirty_one_reaches_into_is_not_covered_either()
    {
        await host.AddAccountAsync(68);
        await host.Reporting.ApplyAsync(TestEvent.FirstResponse(68));
        await host.Reporting.ExecuteAsync("""
            INSERT INTO reporting.reporting_days (account_id, date, day_start, day_end, state)
            SELECT account_id, date + 1, day_end - interval '14 hours', day_end + interval '10 hours', 'dirty' FROM reporting.reporting_days WHERE account_id = 68
            """);
        try
        {
            WebUtility.HtmlDecode(await host.Client.GetStringAsync("overview")).ShouldContain("2 days of account 68 are not covered by rollups (2026-02-11 to 2026-02-12)");
        }
        finally
        {
            await host.Reporting.ExecuteAsync("DELETE FROM reporting.reporting_days WHERE account_id = 68");
        }
    }

    [Fact]
    public async Task Queues_that_do_not_answer_hide_nothing_else()
    {
        host.Queues.Answer = _ => throw new InvalidOperationException("The storage is away.");

        var html = WebUtility.HtmlDecode(await host.Client.GetStringAsync("overview"));

        html.ShouldContain("The queues do not answer: The storage is away.");
        html.ShouldContain("Next tick");
    }

    [Fact]
    public async Task Queues_that_never_answer_are_given_up()
    {
        var queues = new FakeQueues
        {
            Answer = async token =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return FakeQueues.None;
            },
        };
        await using var server = await host.StartAsync(queues, queuePatience: TimeSpan.FromMilliseconds(10));
        using var client = new HttpClient { BaseAddress = server.Address };

        (await client.GetStringAsync("overview")).ShouldContain("The queues do not answer: no answer within");
    }

    [Fact]
    public async Task Days_that_wait_for_a_rebuild_are_counted_by_account()
    {
        await host.Reporting.ExecuteAsync("""
            UPDATE reporting.reporting_days SET state = 'dirty' WHERE account_id = 8 AND date IN ('2026-02-03', '2026-02-05')
            """);
        try
        {
            var html = WebUtility.HtmlDecode(await host.Client.GetStringAsync("overview"));
            html.ShouldContain("2 days of account 8 are not covered by rollups (2026-02-03 to 2026-02-05)");
            html.ShouldContain("tally rollups backfill --account 8");
        }
        finally
        {
            await host.Reporting.ExecuteAsync("UPDATE reporting.reporting_days SET state = 'complete' WHERE account_id = 8");
        }
    }

    [Fact]
    public async Task A_read_that_the_database_cuts_off_says_so_and_what_to_ask_instead()
    {
        await using var server = await host.StartAsync(host.Queues, longestRead: TimeSpan.FromMilliseconds(200));
        using var client = new HttpClient { BaseAddress = server.Address };
        await using var barrier = await LockBarrier.HoldAsync(host.Reporting.DataSource);
        await barrier.ExecuteAsync("LOCK TABLE reporting.accounts IN ACCESS EXCLUSIVE MODE");

        using var response = await client.GetAsync("reporting?account=8");

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var html = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
        html.ShouldContain("This takes too long");
        html.ShouldContain("Ask for fewer days");
    }

    [Fact]
    public async Task A_long_read_shows_that_it_goes_on_and_leaving_stops_it()
    {
        var stopped = new TaskCompletionSource();
        var queues = new FakeQueues
        {
            Answer = async token =>
            {
                await using var registration = token.Register(() => stopped.TrySetResult());
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return FakeQueues.None;
            },
        };
        await using var server = await host.StartAsync(queues, patience: TimeSpan.Zero);
        using var client = new HttpClient { BaseAddress = server.Address };

        using (var response = await client.GetAsync("overview", HttpCompletionOption.ResponseHeadersRead))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            var line = "";
            while (!line.Contains("Leave this page to stop it.", StringComparison.Ordinal)) line = await Eventually.ComesAsync(reader.ReadLineAsync(), "a line of the page") ?? throw new EndOfStreamException();
            stopped.Task.IsCompleted.ShouldBeFalse();
        }

        await Eventually.ComesAsync(stopped.Task, "the end of the read");
    }
}
