using Shouldly;
using Tally.Cli.Shell;
using Tally.Database;
using Tally.Reporting.Events;
using Tally.Tests.Cli;
using Tally.Tests.Reporting;
using Tally.Tests.Reporting.Events;
using Xunit;

namespace Tally.Tests.EndToEnd;

/// <summary>
/// The local half of the drill in docs/runbook.md. PostgreSQL's packages for one machine bring no pg_dump: a copy that the
/// server makes of the database at that moment stands for the backup.
/// </summary>
[Collection(EndToEndHost.OneAtATime)]
public sealed class RestoreDrillTests(EndToEndHost host) : IClassFixture<EndToEndHost>
{
    private const long Account = 1;

    [Fact]
    public async Task After_a_restore_and_a_replay_every_event_counts_once_and_the_numbers_verify()
    {
        await host.Reporting.AddAccountAsync(Account);
        var (before, after, waiting) = (Events(0, 60), Events(60, 40), Events(100, 20));
        await using (host.StartApp()) await ApplyAsync(before);

        // The moment that is gone back to; then more comes, and somebody destroys it.
        var restored = await host.Reporting.CopyAsync();
        await using (host.StartApp()) await ApplyAsync(after);
        await host.Reporting.ExecuteAsync("TRUNCATE reporting.reporting_events");

        // The app is stopped; messages wait.
        await host.Queues.SendAsync(QueueNames.ReportingEvents, waiting.Select(one => EventMessageTests.Json(one)));
        try
        {
            using var tally = new CliRunner(restored.ConnectionString, host.Storage);
            (await tally.RunAsync("db", "status")).ExitCode.ShouldBe(ExitCode.Done);
            var role = $"drill_{Guid.NewGuid():N}";
            (await tally.RunAsync("db", "bootstrap", "--identity", role)).ExitCode.ShouldBe(ExitCode.Done);
            await restored.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");

            // More than was lost: what is there already changes nothing.
            var replay = tally.WriteFile("replay.ndjson", string.Join('\n', before.TakeLast(10).Concat(after).Select(one => EventMessageTests.Json(one))));
            (await tally.RunAsync("events", "send", replay)).ExitCode.ShouldBe(ExitCode.Done);
            await using (FunctionApp.Start(restored.ConnectionString, host.Storage)) await host.Queues.DrainedAsync();

            await ExactlyOnce.CheckAsync(restored, Account, [.. before, .. after, .. waiting]);
            (await tally.RunAsync("rollups", "verify", "--account", "1")).ExitCode.ShouldBe(ExitCode.Done);
            (await host.Queues.CountAsync(QueueNames.ReportingEvents + QueueNames.PoisonSuffix)).ShouldBe(0);
        }
        finally
        {
            await restored.DisposeAsync();
        }
    }

    private async Task ApplyAsync(IEnumerable<ReportingEvent> events)
    {
        await host.Queues.SendAsync(QueueNames.ReportingEvents, events.Select(one => EventMessageTests.Json(one)));
        await host.Queues.DrainedAsync();
    }

    private static ReportingEvent[] Events(int first, int count) => [.. Enumerable.Range(first, count).Select(index => TestEvent.Of(
        Account, "conversation_resolved", index, index / 2m, user: index % 5 + 1, inbox: index % 2 + 1, conversation: index % 17 + 1,
        at: TestEvent.Noon - NodaTime.Duration.FromHours(index % 50)))];
}
