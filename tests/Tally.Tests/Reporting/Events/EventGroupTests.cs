using Npgsql;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Events;

/// <summary>Callers that share a transaction, one of which brings what cannot be stored.</summary>
public sealed class EventGroupTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Fact]
    public async Task A_bad_event_fails_its_own_message_and_those_in_its_group_count_once()
    {
        await host.AddAccountAsync(1);
        await host.ExecuteAsync("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room for %', NEW.name; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON reporting.reporting_events FOR EACH ROW WHEN (NEW.name = 'refused') EXECUTE FUNCTION refuse();
            """);
        await using var barrier = await LockBarrier.HoldAsync(host.DataSource, AdvisoryLocks.Day(1, TestEvent.Day));
        // Two occupy the writers; whoever comes now waits, and all of them are the next group.
        var occupants = Enumerable.Range(0, 2).Select(_ => host.ApplyAsync(TestEvent.FirstResponse(1))).ToList();
        await Sessions.ParkedAsync(host.DataSource, Task.WhenAll(occupants), 2);
        var before = Enumerable.Range(0, 3).Select(_ => host.ApplyAsync(TestEvent.FirstResponse(1))).ToList();
        var unknown = host.ApplyAsync(TestEvent.FirstResponse(404));
        var refused = host.ApplyAsync(TestEvent.FirstResponse(1), TestEvent.Of(1, "refused"));
        var after = Enumerable.Range(0, 3).Select(_ => host.ApplyAsync(TestEvent.FirstResponse(1))).ToList();
        await barrier.ReleaseAsync();

        (await Should.ThrowAsync<UnknownAccountException>(() => unknown)).AccountId.ShouldBe(404);
        (await Should.ThrowAsync<PostgresException>(() => refused)).MessageText.ShouldBe("no room for refused");
        foreach (var neighbour in occupants.Concat(before).Concat(after)) (await neighbour).ShouldBe([EventOutcome.Applied]);

        (await StoredEvents.ReadAsync(host.DataSource, 1)).Count.ShouldBe(8);
        (await host.TotalAsync(1, "first_response")).ShouldBe(Rollup.OfAccount(1, "first_response", 8, 800, 800));
        (await CoveredDays.CheckAsync(host.DataSource, 1)).ShouldBe(1);
    }
}
