using NodaTime;
using Shouldly;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Poison;
using Tally.Reporting.Retention;
using Tally.Reporting.Rollups;
using Tally.Scheduling;
using Tally.Tests.Reporting.Events;
using Xunit;

namespace Tally.Tests.Reporting.Retention;

public sealed class UnfinishedWorkTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    public Task InitializeAsync()
    {
        host.PoisonQueues.Clear();
        return host.ExecuteAsync("""
            TRUNCATE reporting.accounts, reporting.reporting_events, reporting.reporting_events_rollups, reporting.reporting_days, reporting.backfill_requests,
                     reporting.backfill_days, reporting.purged_events, reporting.erased_accounts, reporting.erased_conversations, reporting.poison_messages
            """);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task An_erasure_that_was_broken_off_ends_by_itself_and_its_id_is_nobodys_before()
    {
        await BreakErasureOffAsync(1);

        await Should.ThrowAsync<AccountBeingErasedException>(() => host.Get<AccountStore>().CreateAsync(1));
        (await RunAsync()).ShouldBe(RunOutcome.Completed);

        (await host.Get<AccountStore>().CreateAsync(1)).Id.ShouldBe(1);
        (await StoredEvents.ReadAsync(host.DataSource, 1)).ShouldBeEmpty();
        (await host.RollupsAsync(1)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_erasure_that_was_broken_off_ends_when_it_is_repeated()
    {
        await BreakErasureOffAsync(1);

        (await host.Get<AccountEraser>().EraseAsync(1)).WasThere.ShouldBeTrue();

        await host.Get<AccountStore>().CreateAsync(1);
        (await StoredEvents.ReadAsync(host.DataSource, 1)).ShouldBeEmpty();
        (await RunAsync()).ShouldBe(RunOutcome.NothingDue);
    }

    [Fact]
    public async Task A_rebuild_for_an_account_that_is_gone_is_done()
    {
        await host.AddAccountAsync(2);
        await host.AddRawAsync(TestEvent.FirstResponse(2));
        var plan = await host.Get<BackfillPlanner>().PlanAsync(2, TestEvent.Day, TestEvent.Day);
        var request = await host.Get<BackfillRequests>().RequestAsync(plan);
        await host.Get<AccountEraser>().EraseAsync(2);

        (await host.Get<BackfillSplitter>().FanOutAsync(MessageJson.Serialize(request.ToMessage()), Guid.NewGuid().ToString())).Days.ShouldBeEmpty();
        (await host.RebuildAsync(2, TestEvent.Day, requestId: request.Id)).ShouldBe(RebuildOutcome.Cancelled);

        (await host.ScalarAsync<long>("SELECT (SELECT count(*) FROM reporting.backfill_days) + (SELECT count(*) FROM reporting.backfill_requests)")).ShouldBe(0);
    }

    [Fact]
    public async Task An_event_that_is_erased_while_it_is_in_the_queue_is_refused_when_it_comes()
    {
        await host.AddAccountAsync(3);
        var one = TestEvent.FirstResponse(3);

        var result = await host.Get<EventEraser>().EraseAsync(3, [one.Id]);
        (await host.ApplyAsync(one)).ShouldBe([EventOutcome.Duplicate]);

        (result.Events, result.PurgedEvents, result.RememberedIds).ShouldBe((0, 0, 1));
        (await StoredEvents.ReadAsync(host.DataSource, 3)).ShouldBeEmpty();
        (await host.RollupsAsync(3)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Events_of_a_conversation_that_is_erased_while_they_are_in_the_queue_are_refused_when_they_come_and_later_ones_are_new()
    {
        await host.AddAccountAsync(7);
        var (queued, imported, other) = (TestEvent.FirstResponse(7), TestEvent.Of(7, "reply_time", 5), TestEvent.FirstResponse(7) with { ConversationId = 10 });

        var result = await host.Get<EventEraser>().EraseConversationAsync(7, 9);
        var outcomes = await host.ApplyAsync(queued, other);
        var import = await host.Get<EventImporter>().ImportAsync(new[] { imported }.ToAsyncEnumerable());
        var later = TestEvent.FirstResponse(7, at: host.Clock.GetCurrentInstant() + Duration.FromSeconds(1));
        await host.ApplyAsync(later);

        (result.Events, result.RememberedIds, result.RememberedConversations).ShouldBe((0, 0, 1));
        outcomes.ShouldBe([EventOutcome.Duplicate, EventOutcome.Applied]);
        import.Inserted.ShouldBe(0);
        (await StoredEvents.ReadAsync(host.DataSource, 7)).Select(one => one.Id).ShouldBe([other.Id, later.Id]);
        (await host.DifferencesAsync(7)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_unknown_accounts_conversation_is_no_conversation() =>
        await Should.ThrowAsync<UnknownAccountException>(() => host.Get<EventEraser>().EraseConversationAsync(404, 9));

    [Fact]
    public async Task Events_of_an_erased_account_that_were_in_the_queue_are_dropped_and_fail_nobody()
    {
        await host.AddAccountAsync(4);
        await host.AddAccountAsync(5);
        await host.Get<AccountEraser>().EraseAsync(4);
        var text = $"[{EventMessageTests.Json(TestEvent.FirstResponse(4))},{EventMessageTests.Json(TestEvent.FirstResponse(5))}]";

        (await host.Get<EventMessageProcessor>().ApplyAsync(text, "message", CancellationToken.None)).Applied.ShouldBe(1);

        (await StoredEvents.ReadAsync(host.DataSource, 4)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_zone_set_while_the_queue_service_is_down_is_rebuilt_once_it_is_back()
    {
        await host.AddAccountAsync(6);
        await host.AddRawAsync(TestEvent.FirstResponse(6));
        var request = (await host.Get<AccountStore>().SetTimezoneAsync(6, "Europe/Paris")).Backfill!;
        host.Sender.IsDown = true;
        await Should.ThrowAsync<IOException>(() => host.Get<BackfillSender>().SendAsync(request));

        (await host.Get<AccountStore>().SetTimezoneAsync(6, "Europe/Paris")).Backfill!.Id.ShouldBe(request.Id, "who repeats it finds what is owed");
        host.Clock.Advance(Duration.FromMinutes(2));
        await Should.ThrowAsync<IOException>(() => RunAsync());
        host.Sender.IsDown = false;
        (await RunAsync()).ShouldBe(RunOutcome.Completed);

        host.Sender.Take<BackfillMessage>(QueueNames.ReportingBackfills).ShouldHaveSingleItem().RequestId.ShouldBe(request.Id);
        (await RunAsync()).ShouldBe(RunOutcome.NothingDue);
        (await host.Get<AccountStore>().SetTimezoneAsync(6, "Europe/Paris")).Backfill.ShouldBeNull();
    }

    [Fact]
    public async Task A_poison_message_that_is_on_no_record_comes_on_it_and_that_is_work_done()
    {
        host.PoisonQueues.Put(QueueNames.ReportingEvents, "copy", "no base64", host.Clock.GetCurrentInstant());

        (await RunAsync()).ShouldBe(RunOutcome.Completed);

        (await host.Get<PoisonLog>().CountLeftAsync())[QueueNames.ReportingEvents].ShouldBe(1);
        (await RunAsync()).ShouldBe(RunOutcome.NothingDue);
    }

    private Task<RunOutcome> RunAsync() => host.Get<UnfinishedWork>().RunAsync(RuntimeLimiter.OverAfter(int.MaxValue));

    // As a kill does, right after the account itself is gone.
    private async Task BreakErasureOffAsync(long account)
    {
        await host.AddAccountAsync(account);
        await host.ApplyAsync(TestEvent.FirstResponse(account));
        await using var barrier = await LockTableAsync("reporting.reporting_events_rollups");
        using var killed = new CancellationTokenSource();
        var erasing = host.Get<AccountEraser>().EraseAsync(account, cancellationToken: killed.Token);
        await Sessions.ParkedAsync(host.DataSource, erasing, 1);
        await killed.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => erasing);
    }

    private async Task<Npgsql.NpgsqlConnection> LockTableAsync(string table)
    {
        var connection = await host.DataSource.OpenConnectionAsync();
        await using var command = new Npgsql.NpgsqlCommand($"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
