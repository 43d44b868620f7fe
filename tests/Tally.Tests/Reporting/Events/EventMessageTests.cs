using System.Text.Json;
using NodaTime.Text;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Events;

/// <summary>Messages of the queue <c>reporting-events</c>: one event or many, good and bad.</summary>
public sealed class EventMessageTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    [Fact]
    public async Task A_message_of_one_event_is_applied()
    {
        await host.AddAccountAsync(1);

        (await ApplyAsync(Json(TestEvent.FirstResponse(1)))).ShouldBe(new ApplyResult(1, 0, 0));

        (await host.TotalAsync(1, "first_response"))!.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_message_of_many_events_is_applied_for_all_their_accounts_and_days()
    {
        await host.AddAccountAsync(2);
        await host.AddAccountAsync(3, "Asia/Kathmandu");
        var events = Enumerable.Range(0, 300).Select(index => TestEvent.FirstResponse(2 + index % 2, index, TestEvent.Noon.Plus(NodaTime.Duration.FromHours(index)))).ToArray();

        (await ApplyAsync(Json(events))).ShouldBe(new ApplyResult(300, 0, 0));

        foreach (var account in new[] { 2L, 3L })
            (await host.RollupsAsync(account)).ShouldBe(
                RollupModel.Of(events.Where(one => one.AccountId == account), TimeZones.Find(account == 2 ? "America/New_York" : "Asia/Kathmandu")), ignoreOrder: true);
    }

    [Fact]
    public async Task A_message_delivered_again_changes_nothing()
    {
        await host.AddAccountAsync(4);
        var message = Json(TestEvent.FirstResponse(4), TestEvent.Of(4, "conversation_resolved", 5, 5), TestEvent.Handoff(4, 1), TestEvent.Of(4, "unknown"));
        await ApplyAsync(message);
        var (rows, day) = (await host.RollupsAsync(4), await host.DayAsync(4, TestEvent.Day));

        (await ApplyAsync(message)).ShouldBe(new ApplyResult(0, 4, 0));

        (await host.RollupsAsync(4)).ShouldBe(rows);
        (await host.DayAsync(4, TestEvent.Day)).ShouldBe(day);
        (await StoredEvents.ReadAsync(host.DataSource, 4)).Count.ShouldBe(4);
    }

    [Fact]
    public async Task One_bad_event_in_an_array_does_not_lose_its_neighbours()
    {
        await host.AddAccountAsync(5);
        var message = Json(TestEvent.FirstResponse(5), TestEvent.FirstResponse(5, value: -1), TestEvent.FirstResponse(5));

        var failure = await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync(message, "message-5"));

        failure.Message.ShouldBe("Message message-5: 1 of 3 events cannot be applied; the others are. event 1: 'value' is -1, and must be from 0 to 10000000000 seconds.");
        (await host.TotalAsync(5, "first_response"))!.Count.ShouldBe(2);
        await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync(message));
        (await host.TotalAsync(5, "first_response"))!.Count.ShouldBe(2, "the neighbours are found again when the message comes again");
        await ApplyAsync(message.Replace("\"value\":-1", "\"value\":1", StringComparison.Ordinal).Replace("\"valueInBusinessHours\":-1", "\"valueInBusinessHours\":1", StringComparison.Ordinal));
        (await host.TotalAsync(5, "first_response"))!.Count.ShouldBe(3, "the mended message applies what was missing");
    }

    [Theory]
    [InlineData(101, "\"name\": \"\\ud800\"", "'name' must be text")]
    [InlineData(102, "\"id\": \"\\ud800\"", "'id' must be a UUID")]
    [InlineData(103, "\"\\ud800\": 1", "a field has a name that is not Unicode text")]
    public async Task Half_a_character_fails_its_event_and_not_the_neighbours(long account, string field, string problem)
    {
        await host.AddAccountAsync(account);
        var good = TestEvent.FirstResponse(account);
        var broken = $$"""{"id": "{{Guid.NewGuid()}}", "accountId": {{account}}, "name": "x", "createdAt": "2026-02-11T06:30:13Z", {{field}}}""";

        var failure = await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync($"[{broken}, {Json(good)}]"));

        failure.Message.ShouldContain($"event 0: {problem}");
        (await StoredEvents.ReadAsync(host.DataSource, account)).ShouldBe([good]);
    }

    [Fact]
    public async Task An_unknown_account_is_named_and_its_neighbours_are_applied()
    {
        await host.AddAccountAsync(6);

        var failure = await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync(Json(TestEvent.FirstResponse(6), TestEvent.FirstResponse(666)), "message-6"));

        failure.Message.ShouldBe("Message message-6: 1 of 2 events cannot be applied; the others are. event 1: 'accountId' names account 666, which does not exist.");
        (await host.TotalAsync(6, "first_response"))!.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_account_created_after_its_event_failed_takes_it_when_it_comes_again()
    {
        var message = Json(TestEvent.FirstResponse(7));
        await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync(message));
        await host.AddAccountAsync(7);

        (await ApplyAsync(message)).ShouldBe(new ApplyResult(1, 0, 0));
    }

    [Fact]
    public async Task Problems_are_named_in_the_order_of_the_message_and_the_first_five_suffice()
    {
        var events = string.Join(", ", Enumerable.Range(0, 7).Select(index => index == 1 ? Json(TestEvent.FirstResponse(667)) : $$"""{"id": {{index}}}"""));

        var failure = await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync($"[{events}]", "m"));

        failure.Message.ShouldBe(
            "Message m: 7 of 7 events cannot be applied; the others are. event 0: 'id' must be a UUID; event 1: 'accountId' names account 667, which does not exist; "
            + "event 2: 'id' must be a UUID; event 3: 'id' must be a UUID; event 4: 'id' must be a UUID; ...");
    }

    [Fact]
    public async Task A_text_that_is_not_JSON_names_the_message()
    {
        var failure = await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync("{", "message-8"));

        failure.Message.ShouldStartWith("Message message-8 cannot be applied: the text is not JSON (line 1, byte ");
    }

    [Fact]
    public async Task An_empty_array_is_applied_without_a_word() => (await ApplyAsync("[]")).ShouldBe(new ApplyResult(0, 0, 0));

    [Fact]
    public async Task An_account_that_was_deleted_fails_its_message_and_not_that_of_others()
    {
        await host.AddAccountAsync(8);
        await host.AddAccountAsync(9);
        await host.ApplyAsync(TestEvent.FirstResponse(8), TestEvent.FirstResponse(9));
        await host.ExecuteAsync("DELETE FROM reporting.accounts WHERE id = 8");
        var message = Json(TestEvent.FirstResponse(8), TestEvent.FirstResponse(9));

        // The first time the account is still remembered, and the message fails whole; then it is known to be gone.
        await Should.ThrowAsync<Exception>(() => ApplyAsync(message));
        var failure = await Should.ThrowAsync<InvalidMessageException>(() => ApplyAsync(message));

        failure.Message.ShouldContain("'accountId' names account 8, which does not exist");
        (await host.TotalAsync(8, "first_response"))!.Count.ShouldBe(1);
        (await host.TotalAsync(9, "first_response"))!.Count.ShouldBe(2);
    }

    private Task<ApplyResult> ApplyAsync(string message, string messageId = "message") => host.Get<EventMessageProcessor>().ApplyAsync(message, messageId, CancellationToken.None);

    internal static string Json(params ReportingEvent[] events)
    {
        var elements = events.Select(one => new
        {
            id = one.Id,
            accountId = one.AccountId,
            name = one.Name,
            value = one.Value,
            valueInBusinessHours = one.ValueInBusinessHours,
            userId = one.UserId,
            inboxId = one.InboxId,
            conversationId = one.ConversationId,
            createdAt = InstantPattern.ExtendedIso.Format(one.CreatedAt),
        });
        return events.Length == 1 ? JsonSerializer.Serialize(elements.Single()) : JsonSerializer.Serialize(elements);
    }
}
