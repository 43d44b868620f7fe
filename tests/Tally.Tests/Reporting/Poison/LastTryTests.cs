using System.Text;
using Microsoft.Extensions.Logging;
using Shouldly;
using Tally.Reporting.Events;
using Tally.Reporting.Poison;
using Tally.Reporting.Retention;
using Xunit;

namespace Tally.Tests.Reporting.Poison;

public sealed class LastTryTests(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    private const string Queue = QueueNames.ReportingEvents;

    private PoisonLog Poison => host.Get<PoisonLog>();

    public Task InitializeAsync() => host.ExecuteAsync("TRUNCATE reporting.poison_messages, reporting.accounts, reporting.reporting_events, reporting.purged_events, reporting.erased_accounts");

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_message_that_fails_its_last_try_is_on_record_with_its_text_and_reason_and_fails_all_the_same()
    {
        await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync("{}", tries: 7));
        (await LeftAsync()).ShouldBeEmpty("there is another try");

        var failure = await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync("{}", tries: 8));

        var left = (await LeftAsync()).ShouldHaveSingleItem();
        (left.Queue, left.MessageId, left.Text, left.Reason, left.Tries, left.FailedAt, left.RedrivenAt)
            .ShouldBe((Queue, "message", "{}", failure.Message, 8, host.Clock.GetCurrentInstant(), null));
        (await Poison.ReasonOfAsync(Queue, "{}"u8.ToArray())).ShouldBe(failure.Message);
    }

    [Fact]
    public async Task A_last_try_that_ends_with_its_process_leaves_the_text_on_record()
    {
        var running = new TaskCreationSource();
        _ = host.Get<LastTry>().RunAsync(Delivery("killed"u8.ToArray(), 8), _ => running.StartAsync(), CancellationToken.None);
        await running.Started;

        (await LeftAsync()).ShouldHaveSingleItem().Reason.ShouldBe("The process ended during the last try.");
    }

    [Fact]
    public async Task A_last_try_that_succeeds_is_no_poison()
    {
        (await host.Get<LastTry>().RunAsync(Delivery("good"u8.ToArray(), 8), _ => Task.FromResult(1), CancellationToken.None)).ShouldBe(1);

        (await LeftAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failure_that_cannot_be_recorded_is_the_one_that_is_thrown()
    {
        await host.ExecuteAsync("ALTER TABLE reporting.poison_messages RENAME TO away");
        var log = new RecordedLog<LastTry>();
        try
        {
            await Should.ThrowAsync<InvalidMessageException>(() =>
                new LastTry(Poison, 8, log).RunAsync(Delivery("{}"u8.ToArray(), 8), token => host.Get<EventMessageProcessor>().ApplyAsync("{}", "message", token), CancellationToken.None));
        }
        finally
        {
            await host.ExecuteAsync("ALTER TABLE reporting.away RENAME TO poison_messages");
        }

        log.Entries.ShouldAllBe(entry => entry.Level == LogLevel.Warning && entry.Text.Contains("could not be recorded", StringComparison.Ordinal));
        log.Entries.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_message_that_was_redriven_is_marked_and_no_longer_left()
    {
        await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync("{}", tries: 8));

        await Poison.MarkRedrivenAsync(Queue, "{}"u8.ToArray());

        (await LeftAsync()).ShouldBeEmpty();
        (await host.ScalarAsync<long>("SELECT count(*) FROM reporting.poison_messages WHERE redriven_at IS NOT NULL")).ShouldBe(1);
    }

    [Fact]
    public async Task The_record_of_an_account_is_erased_with_it_and_its_neighbours_events_stay()
    {
        await host.AddAccountAsync(1);
        var mixed = """[{"accountId":1,"id":"x"},{"accountId":2,"id":"y"}]""";
        await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync(mixed, tries: 8, id: "mixed"));
        await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync("""{"accountId":1,"id":"x"}""", tries: 8, id: "one"));
        await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync("""{"accountId": 1, broken""", tries: 8, id: "broken"));

        await host.Get<AccountEraser>().EraseAsync(1);

        (await LeftAsync()).ShouldHaveSingleItem().Text.ShouldBe("""[{"accountId":2,"id":"y"}]""");
    }

    private Task<ApplyResult> ApplyAsync(string text, long tries, string id = "message") => host.Get<LastTry>().RunAsync(
        Delivery(Encoding.UTF8.GetBytes(text), tries, id), token => host.Get<EventMessageProcessor>().ApplyAsync(text, id, token), CancellationToken.None);

    private Task<IReadOnlyList<PoisonMessage>> LeftAsync() => Poison.LeftAsync(Queue, host.Clock.GetCurrentInstant());

    private static Delivery Delivery(byte[] body, long tries, string id = "message") => new(Queue, id, body, tries);

    private sealed class TaskCreationSource
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => Infrastructure.Eventually.ComesAsync(_started.Task, "the work begins");

        public Task<int> StartAsync()
        {
            _started.SetResult();
            return new TaskCompletionSource<int>().Task;
        }
    }
}
