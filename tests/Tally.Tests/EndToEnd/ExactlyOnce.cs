using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Tests.Reporting;

namespace Tally.Tests.EndToEnd;

/// <summary>Nothing lost, nothing doubled.</summary>
internal static class ExactlyOnce
{
    public static async Task CheckAsync(ReportingHost host, long accountId, IReadOnlyCollection<ReportingEvent> events)
    {
        var zone = (await host.Get<AccountStore>().FindAsync(accountId))!.Zone!;
        var stored = await StoredEvents.ReadAsync(host.DataSource, accountId);
        stored.Count.ShouldBe(events.Count);
        stored.Except(events).ShouldBeEmpty();
        var (expected, found) = (RollupModel.Of(events, zone), await host.RollupsAsync(accountId));
        found.Except(expected).ShouldBeEmpty();
        expected.Except(found).ShouldBeEmpty();
        (await host.DifferencesAsync(accountId)).ShouldBeEmpty();
    }
}
