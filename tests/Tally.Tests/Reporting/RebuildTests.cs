using NodaTime;
using Shouldly;
using Tally.Reporting;
using Xunit;

namespace Tally.Tests.Reporting;

public sealed class RebuildTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 2, 11, 17, 0);

    [Fact]
    public async Task A_rebuild_of_a_day_that_live_events_built_changes_nothing()
    {
        await host.AddAccountAsync(1);
        await host.ApplyAsync(
            Event(1, "conversation_resolved", 120), Event(1, "first_response", 80), Event(1, "conversation_bot_handoff", 5), Event(1, "unknown", 5));
        (await host.RowsAsync(1)).Count.ShouldBe(12);
        (await host.Get<RollupVerifier>().VerifyAsync(1)).Differences.ShouldBeEmpty();
        var backfills = host.Get<Backfills>();
        var request = await backfills.RequestAsync(await backfills.PlanAsync(1));
        var outcomes = new List<RebuildOutcome>();
        await foreach (var (_, outcome) in backfills.RebuildInlineAsync(request)) outcomes.Add(outcome);
        outcomes.ShouldBe([RebuildOutcome.Unchanged]);
        await host.ExecuteAsync("UPDATE reporting.reporting_events_rollups SET count = count + 1 WHERE dimension_type = 'agent'; DELETE FROM reporting.reporting_events_rollups WHERE dimension_type = 'inbox'; INSERT INTO reporting.reporting_events_rollups (account_id, date, dimension_type, dimension_id, metric) VALUES (1, '2026-02-11', 'team', 3, 'first_response')");
        (await host.Get<RollupVerifier>().VerifyAsync(1)).Differences.Count.ShouldBe(9);
        (await backfills.RebuildAsync("""{"accountId":1,"date":"2026-02-11"}""", "m")).ShouldBe(RebuildOutcome.Rebuilt);
        (await host.Get<RollupVerifier>().VerifyAsync(1)).Differences.ShouldBeEmpty();
        (await backfills.GetProgressAsync(1)).Single().State.ShouldBe("completed");
        (await host.Get<AccountStore>().SetTimezoneAsync(1, "Asia/Calcutta")).Backfill!.FromDate.ShouldBe(new LocalDate(2026, 2, 11));
        (await host.ApplyAsync(Event(1, "first_response", 80))).ShouldBe([EventOutcome.Applied]);
    }

    private static ReportingEvent Event(long account, string name, decimal value) => new()
    {
        Id = Guid.NewGuid(), AccountId = account, Name = name, Value = value, ValueInBusinessHours = value / 2, UserId = 7, InboxId = 8, ConversationId = 9, CreatedAt = Noon,
    };
}
