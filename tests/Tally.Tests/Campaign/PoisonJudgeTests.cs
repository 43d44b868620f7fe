using Azure.Storage.Queues;
using NodaTime;
using Shouldly;
using Tally.Azure;
using Tally.Campaign;
using Tally.Campaign.Reporting;
using Tally.Reporting.Poison;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Campaign;

/// <summary>What the campaign's judge says of poison queues, and of a record that does not take what is in them.</summary>
public sealed class PoisonJudgeTests : IAsyncLifetime
{
    private static readonly CampaignSettings Settings = new() { Seed = 7, Day = new LocalDate(2026, 2, 12), Messages = 1_000, Accounts = 5, Folder = "" };

    private readonly ReportingHost _host = new();
    private readonly string _storage = TestServers.NewStorageAccount();
    private readonly ReportingLoad _load = ReportingLoad.Of(Settings);

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        await Poison.CreateIfNotExistsAsync();
        Malformed.Count.ShouldBeGreaterThan(1);
        foreach (var message in Malformed.Skip(1)) await Poison.SendMessageAsync(StoredText(message));
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Every_malformed_message_that_is_there_and_comes_on_record_is_right()
    {
        await Poison.SendMessageAsync(StoredText(Malformed[0]));

        (await JudgeAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_that_a_host_held_when_it_ended_is_waited_for()
    {
        await Poison.SendMessageAsync(StoredText(Malformed[0]));
        (await Poison.ReceiveMessagesAsync(1, TimeSpan.FromSeconds(2))).Value.ShouldHaveSingleItem();

        (await JudgeAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_malformed_message_that_is_not_there_is_named() =>
        (await JudgeAsync()).ShouldHaveSingleItem().ShouldStartWith($"malformed and not poisoned: message {Malformed[0].Number}, ");

    [Fact]
    public async Task A_good_message_that_is_there_is_named()
    {
        await Poison.SendMessageAsync(StoredText(Malformed[0]));
        await Poison.SendMessageAsync(StoredText(_load.Messages.First(message => message.Odd is null)));

        (await JudgeAsync()).ShouldHaveSingleItem().ShouldStartWith("wrongly poisoned: ");
    }

    [Fact]
    public async Task A_message_that_the_record_does_not_take_is_named()
    {
        await Poison.SendMessageAsync(StoredText(Malformed[0]));
        await _host.ExecuteAsync("""
            CREATE FUNCTION reporting.drop_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER drop_it BEFORE INSERT ON reporting.poison_messages FOR EACH ROW EXECUTE FUNCTION reporting.drop_it()
            """);

        var wrongs = await JudgeAsync();

        wrongs.Count.ShouldBe(Malformed.Count);
        wrongs.ShouldAllBe(wrong => wrong.StartsWith("poisoned and not on record: ", StringComparison.Ordinal));
    }

    private QueueClient Poison => QueueAccount.Of(_storage).GetPlainQueue(QueueNames.ReportingEvents + QueueNames.PoisonSuffix);

    private List<EventsMessage> Malformed => [.. _load.Messages.Where(message => message.Odd?.Problem is not null)];

    private static BinaryData StoredText(EventsMessage message) => BinaryData.FromString(message.IsBase64 ? Convert.ToBase64String(message.Body) : BinaryData.FromBytes(message.Body).ToString());

    private async Task<IReadOnlyList<string>> JudgeAsync()
    {
        var verdict = new Verdict();
        // The judge waits for what the queue counts and nobody shows.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await new PoisonJudge(_load, [], _host.DataSource, _storage, _host.Get<PoisonLog>()).JudgeAsync(verdict, limit.Token);
        return verdict.Wrongs;
    }
}
