using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Tally.Tests.Reporting.Events;
using Xunit;

namespace Tally.Tests.Reporting.Rollups;

/// <summary>What one event adds; the account is in New York.</summary>
public sealed class LiveWriteTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static readonly Instant Written = Instant.FromUtc(2026, 2, 12, 10, 0);

    [Fact]
    public async Task A_resolution_writes_six_rows_with_one_statement()
    {
        await host.AddAccountAsync(11);
        await host.ExecuteAsync("""
            CREATE TABLE statement_log (operation text);
            CREATE FUNCTION log_statement() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO statement_log VALUES (TG_OP); RETURN NULL; END $$;
            CREATE TRIGGER log_statement BEFORE INSERT ON reporting.reporting_events_rollups
                FOR EACH STATEMENT EXECUTE FUNCTION log_statement();
            """);

        await host.ApplyAsync(TestEvent.Of(11, "conversation_resolved", 1000, 500));

        (await host.ScalarAsync<long>("SELECT count(*) FROM statement_log")).ShouldBe(1);
        (await host.RollupsAsync(11)).ShouldBe(
            from member in new[] { ("account", 11L), ("agent", 7L), ("inbox", 8L) }
            from row in new[] { ("resolution_time", 1000m, 500m), ("resolutions_count", 0m, 0m) }
            select new Rollup(TestEvent.Day, member.Item1, member.Item2, row.Item1, 1, row.Item2, row.Item3));
    }

    [Fact]
    public async Task The_five_columns_of_the_key_are_unique()
    {
        var key = await host.ScalarAsync<string>("""
            SELECT string_agg(a.attname, ', ' ORDER BY k.place)
            FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k (attnum, place), pg_attribute a
            WHERE i.indrelid = 'reporting.reporting_events_rollups'::regclass AND i.indisunique AND a.attrelid = i.indrelid AND a.attnum = k.attnum
            """);

        key.ShouldBe("account_id, date, dimension_type, dimension_id, metric");
    }

    [Fact]
    public async Task An_event_late_in_the_evening_counts_for_its_local_day()
    {
        await host.AddAccountAsync(12);

        await host.ApplyAsync(TestEvent.Of(12, "conversation_resolved", 1, 1, at: Instant.FromUtc(2026, 2, 12, 4, 0)));

        var rows = await host.Get<RollupReader>().ReadAsync(12, TestEvent.Day, TestEvent.Day);
        rows.Count.ShouldBe(6);
        rows.ShouldAllBe(row => row.CreatedAt == Written && row.UpdatedAt == Written);
        (await host.RollupsAsync(12)).Count.ShouldBe(6);
    }

    [Theory]
    [InlineData(13, "2026-02-11T22:00:00Z")]
    [InlineData(14, "2026-02-12T04:00:00Z")]
    public async Task Afternoon_and_late_evening_are_the_same_local_day(long account, string createdAt)
    {
        await host.AddAccountAsync(account);

        await host.ApplyAsync(TestEvent.FirstResponse(account, at: NodaTime.Text.InstantPattern.General.Parse(createdAt).Value));

        (await host.RollupsAsync(account)).ShouldAllBe(row => row.Date == TestEvent.Day);
        (await host.RollupsAsync(account)).Count.ShouldBe(3);
    }

    [Theory]
    [InlineData(15, "first_response", 500, 300, "first_response", 500, 300)]
    [InlineData(16, "reply_time", 200, 100, "reply_time", 200, 100)]
    [InlineData(18, "conversation_bot_resolved", 60, 30, "bot_resolutions_count", 0, 0)]
    [InlineData(19, "conversation_bot_handoff", 60, 30, "bot_handoffs_count", 0, 0)]
    public async Task An_event_adds_one_to_its_metric(
        long account, string name, int value, int businessValue, string metric, int sum, int businessSum)
    {
        await host.AddAccountAsync(account);

        await host.ApplyAsync(TestEvent.Of(account, name, value, businessValue));

        (await host.RollupsAsync(account)).Count.ShouldBe(3);
        (await host.TotalAsync(account, metric)).ShouldBe(Rollup.OfAccount(account, metric, 1, sum, businessSum));
    }

    [Fact]
    public async Task Missing_durations_count_as_zero_seconds()
    {
        await host.AddAccountAsync(17);

        await host.ApplyAsync(TestEvent.Of(17, "conversation_resolved"), TestEvent.Of(17, "first_response"), TestEvent.Of(17, "reply_time"));

        foreach (var metric in new[] { "resolution_time", "first_response", "reply_time" })
            (await host.TotalAsync(17, metric)).ShouldBe(Rollup.OfAccount(17, metric, 1));
    }

    [Fact]
    public async Task An_event_without_agent_counts_for_account_and_inbox()
    {
        await host.AddAccountAsync(20);

        await host.ApplyAsync(TestEvent.Of(20, "first_response", 1, 1, user: null));

        (await host.RollupsAsync(20)).Select(row => row.Dimension).ShouldBe(["account", "inbox"]);
    }

    [Fact]
    public async Task An_event_without_agent_and_inbox_counts_for_the_account()
    {
        await host.AddAccountAsync(201);

        await host.ApplyAsync(TestEvent.Of(201, "conversation_bot_handoff", 1, 1, user: null, inbox: null));

        (await host.RollupsAsync(201)).ShouldBe([Rollup.OfAccount(201, "bot_handoffs_count", 1)]);
    }

    [Fact]
    public async Task A_second_event_adds_to_the_same_rows()
    {
        await host.AddAccountAsync(21);
        await host.ApplyAsync(TestEvent.Of(21, "conversation_resolved", 1000, 500));
        host.Clock.AdvanceMinutes(5);

        await host.ApplyAsync(TestEvent.Of(21, "conversation_resolved", 500, 250));

        (await host.TotalAsync(21, "resolution_time")).ShouldBe(Rollup.OfAccount(21, "resolution_time", 2, 1500, 750));
        var rows = await host.Get<RollupReader>().ReadAsync(21, TestEvent.Day, TestEvent.Day);
        rows.Count.ShouldBe(6);
        rows.ShouldAllBe(row => row.UpdatedAt == row.CreatedAt + Duration.FromMinutes(5));
        host.Clock.Reset(Written);
    }

    [Fact]
    public async Task An_unknown_event_is_stored_and_rolls_up_to_nothing()
    {
        await host.AddAccountAsync(23);

        (await host.ApplyAsync(TestEvent.Of(23, "unknown_event", 1))).ShouldBe([EventOutcome.Applied]);

        (await host.RollupsAsync(23)).ShouldBeEmpty();
        (await host.ScalarAsync<string>("SELECT name FROM reporting.reporting_events WHERE account_id = 23")).ShouldBe("unknown_event");
        (await host.DayAsync(23, TestEvent.Day)).ShouldBe(new StoredDay("America/New_York", "live", 1));
    }

    [Fact]
    public async Task The_same_agent_and_inbox_of_two_accounts_are_counted_apart()
    {
        await host.AddAccountAsync(581);
        await host.AddAccountAsync(582);

        await host.ApplyAsync(
            TestEvent.FirstResponse(581), TestEvent.FirstResponse(582), TestEvent.FirstResponse(581), TestEvent.FirstResponse(582), TestEvent.FirstResponse(582));

        (await host.RollupsAsync(581)).Select(row => row.Count).ShouldBe([2, 2, 2]);
        (await host.RollupsAsync(582)).Select(row => row.Count).ShouldBe([3, 3, 3]);
    }

    [Fact]
    public async Task Sums_keep_every_millisecond()
    {
        await host.AddAccountAsync(90);

        for (var round = 0; round < 10; round++) await host.ApplyAsync(TestEvent.Of(90, "reply_time", 0.1m, 0.001m));

        (await host.TotalAsync(90, "reply_time")).ShouldBe(Rollup.OfAccount(90, "reply_time", 10, 1.0m, 0.010m));
    }

    [Fact]
    public async Task Sums_of_very_large_and_very_fine_durations_stay_exact()
    {
        await host.AddAccountAsync(92);
        var (large, fine) = (TestEvent.FirstResponse(92, 9_999_999_999.9m), TestEvent.FirstResponse(92, 0.1234567890123456789012345678m));

        await host.Get<EventMessageProcessor>().ApplyAsync(EventMessageTests.Json(large, fine), "message", CancellationToken.None);

        (await host.DifferencesAsync(92)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_field_is_stored_as_it_came()
    {
        await host.AddAccountAsync(91);
        var sent = TestEvent.Of(91, "first_response", 12.345m, 6.789m) with
        {
            EventStartTime = TestEvent.Noon - Duration.FromHours(1),
            EventEndTime = TestEvent.Noon - Duration.FromNanoseconds(1_000),
        };

        await host.ApplyAsync(sent);

        (await StoredEvents.ReadAsync(host.DataSource, 91)).ShouldBe([sent]);
    }
}
