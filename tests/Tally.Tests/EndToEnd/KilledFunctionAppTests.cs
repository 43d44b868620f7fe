using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Events;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Tally.Tests.Reporting.Events;
using Tally.Tests.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.EndToEnd;

/// <summary>The function app dies in the middle of its work, and another takes over.</summary>
[Collection(EndToEndHost.OneAtATime)]
public sealed class KilledFunctionAppTests(EndToEndHost host) : IClassFixture<EndToEndHost>
{
    private const int Messages = 2_000;
    private const int Accounts = 3;

    [Fact]
    public async Task Function_apps_killed_in_the_middle_of_2000_messages_lose_nothing_and_double_nothing()
    {
        for (var account = 1; account <= Accounts; account++) await host.Reporting.AddAccountAsync(account, Storm.Zones[account]);
        var events = Enumerable.Range(0, Messages).Select(Event).ToArray();
        await host.Queues.SendAsync(QueueNames.ReportingEvents, events.Select(one => EventMessageTests.Json(one)));

        foreach (var applied in new[] { 200, 900 })
        {
            await using var app = host.StartApp();
            await Eventually.HoldsAsync(async () => !app.IsRunning || await CountAsync() >= applied, $"{applied} events are applied");
            app.IsRunning.ShouldBeTrue(app.LastOutput);
            await app.KillAsync();
            (await host.Queues.CountAsync(QueueNames.ReportingEvents)).ShouldBeGreaterThan(0, "it was in the middle of its work");
        }

        await using (host.StartApp()) await host.Queues.DrainedAsync();

        foreach (var group in events.GroupBy(one => one.AccountId)) await ExactlyOnce.CheckAsync(host.Reporting, group.Key, [.. group]);
        (await host.Queues.CountAsync(QueueNames.ReportingEvents + QueueNames.PoisonSuffix)).ShouldBe(0);
    }

    private Task<long> CountAsync() => host.Reporting.ScalarAsync<long>("SELECT count(*) FROM reporting.reporting_events");

    private static ReportingEvent Event(int index) => TestEvent.Of(
        index % Accounts + 1, (index % 4) switch { 0 => "conversation_bot_handoff", 1 => "conversation_resolved", 2 => "first_response", _ => "reply_time" },
        index / 8m, index / 16m, user: index % 7 + 1, inbox: index % 3 + 1, conversation: index % 101 + 1, at: TestEvent.Noon - Duration.FromMinutes(index * 7));
}
