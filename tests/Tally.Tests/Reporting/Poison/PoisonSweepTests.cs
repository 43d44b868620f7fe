using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Shouldly;
using Tally.Campaign.Reporting;
using Tally.Reporting.Events;
using Tally.Reporting.Poison;
using Tally.Reporting.Retention;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting.Events;
using Xunit;

namespace Tally.Tests.Reporting.Poison;

/// <summary>Every message of a poison queue comes on record, whoever put it there.</summary>
public sealed class PoisonSweepTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    private const string Queue = QueueNames.ReportingEvents;
    private static readonly Instant Came = Instant.FromUtc(2026, 2, 11, 8, 0);

    private readonly TestPoisonQueues _queues = new();

    private PoisonLog Poison => host.Get<PoisonLog>();

    public Task InitializeAsync() => host.ExecuteAsync(
        "TRUNCATE reporting.poison_messages, reporting.accounts, reporting.reporting_events, reporting.purged_events, reporting.erased_accounts, reporting.erased_conversations");

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_text_that_is_not_base64_comes_on_record_with_its_reason_and_time()
    {
        _queues.Put(Queue, "copy", "no {base64}", Came);

        (await SweepAsync()).ShouldBe(1);

        var left = (await LeftAsync()).ShouldHaveSingleItem();
        (left.Queue, left.MessageId, left.Text, left.Tries, left.FailedAt).ShouldBe((Queue, "copy", "no {base64}", 0, Came));
        left.Reason.ShouldStartWith("The text is not base64");
        (await SweepAsync()).ShouldBe(0, "it is on record");
    }

    [Fact]
    public async Task A_message_whose_last_try_the_database_did_not_take_comes_on_record_later()
    {
        await host.ExecuteAsync("ALTER TABLE reporting.poison_messages RENAME TO away");
        await Should.ThrowAsync<InvalidMessageException>(() => TryLastAsync("{}"));
        await host.ExecuteAsync("ALTER TABLE reporting.away RENAME TO poison_messages");
        _queues.PutBase64(Queue, "copy", "{}", Came);

        await SweepAsync();

        (await LeftAsync()).ShouldHaveSingleItem().Reason.ShouldStartWith("Its last try is on no record");
        (await Poison.ReasonOfAsync(Queue, "{}"u8.ToArray())).ShouldNotBeNull();
    }

    [Fact]
    public async Task What_the_app_recorded_is_not_recorded_twice_and_a_text_that_is_there_twice_is_on_record_twice()
    {
        await Should.ThrowAsync<InvalidMessageException>(() => TryLastAsync("{}"));
        _queues.PutBase64(Queue, "copy", "{}", Came);
        (await SweepAsync()).ShouldBe(0);

        _queues.PutBase64(Queue, "other copy", "{}", Came);
        await SweepAsync();
        await SweepAsync();

        (await LeftAsync()).Select(message => message.MessageId).ShouldBe(["message", "other copy"], ignoreOrder: true);
    }

    [Theory]
    [MemberData(nameof(OddMessageTests.Kinds), MemberType = typeof(OddMessageTests))]
    public async Task Whatever_is_wrong_with_a_message_it_comes_on_record_at_its_last_try_and_by_the_sweep(string kind)
    {
        var odd = OddMessages.Make(kind, () => TestEvent.FirstResponse(1));
        if (odd.Problem is null) return;
        await host.AddAccountAsync(1);

        if (odd.IsBase64)
        {
            await Should.ThrowAsync<InvalidMessageException>(() => TryLastAsync(odd.Body));
            (await LeftAsync()).ShouldHaveSingleItem().Reason.ShouldContain(odd.Problem);
            await host.ExecuteAsync("TRUNCATE reporting.poison_messages");
        }

        _queues.Put(Queue, "copy", odd.IsBase64 ? Convert.ToBase64String(odd.Body) : Encoding.UTF8.GetString(odd.Body), Came);
        (await SweepAsync()).ShouldBe(1);
        (await LeftAsync()).ShouldHaveSingleItem().Body.ShouldBe(odd.Body);
    }

    [Fact]
    public async Task What_is_erased_leaves_a_text_with_half_a_character_and_doubled_fields()
    {
        await host.AddAccountAsync(1);
        var id = Guid.NewGuid();
        var stays = """{"accountId":1,"id":"\ud83d","name":"a","name":"b"}""";
        _queues.PutBase64(Queue, "copy", $$"""[{"accountId":1,"id":"{{id}}","\ud83d":1},{{stays}}]""", Came);
        await SweepAsync();

        await host.Get<EventEraser>().EraseAsync(1, [id]);

        (await LeftAsync()).ShouldHaveSingleItem().Text.ShouldBe($"[{stays}]");
    }

    [Fact]
    public async Task Old_records_whose_copies_are_gone_hide_no_new_message()
    {
        await Should.ThrowAsync<InvalidMessageException>(() => TryLastAsync("{}"));
        host.Clock.Advance(Duration.FromDays(8));
        _queues.PutBase64(Queue, "copy", "[]", host.Clock.GetCurrentInstant());

        (await SweepAsync()).ShouldBe(1);

        (await LeftAsync()).Select(message => message.MessageId).ShouldBe(["message", "copy"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_was_erased_does_not_come_back_by_a_poison_queue_or_a_last_try()
    {
        await host.AddAccountAsync(1);
        await host.AddAccountAsync(2);
        await host.Get<AccountEraser>().EraseAsync(1);
        var id = Guid.NewGuid();
        await host.Get<EventEraser>().EraseAsync(2, [id]);
        await host.Get<EventEraser>().EraseConversationAsync(2, 9);
        var stays = """{"accountId":2,"id":"stays"}""";
        var events = $$"""
            [{"accountId":1,"id":"x"},{"accountId":2,"id":"{{id}}"},{"accountId":2,"conversationId":9,"createdAt":"2026-02-11T08:00:00Z"},{{stays}}]
            """;
        _queues.PutBase64(Queue, "mixed", events, Came);
        _queues.PutBase64(Queue, "all", """{"accountId":1,"id":"x"}""", Came);

        await SweepAsync();
        (await LeftAsync()).ShouldHaveSingleItem().Text.ShouldBe($"[{stays}]");

        await host.ExecuteAsync("TRUNCATE reporting.poison_messages");
        await Should.ThrowAsync<InvalidMessageException>(() => TryLastAsync(events));
        (await LeftAsync()).ShouldHaveSingleItem().Text.ShouldBe($"[{stays}]");
    }

    private Task<int> SweepAsync() => new PoisonSweep(Poison, _queues, NullLogger<PoisonSweep>.Instance).RunAsync(RuntimeLimiter.OverAfter(int.MaxValue), CancellationToken.None);

    private Task<IReadOnlyList<PoisonMessage>> LeftAsync() => Poison.LeftAsync(Queue, host.Clock.GetCurrentInstant());

    private Task<ApplyResult> TryLastAsync(string text) => TryLastAsync(Encoding.UTF8.GetBytes(text));

    private Task<ApplyResult> TryLastAsync(byte[] body) => host.Get<LastTry>().RunAsync(
        new Delivery(Queue, "message", body, 8), token => host.Get<EventMessageProcessor>().ApplyAsync(body, "message", token), CancellationToken.None);
}
