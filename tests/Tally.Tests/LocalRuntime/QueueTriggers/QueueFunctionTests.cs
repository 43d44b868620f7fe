using System.Text.Json;
using LocalRuntime.Queues;
using Shouldly;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Xunit;

namespace Tally.Tests.LocalRuntime.QueueTriggers;

/// <summary>What a function gets of a message, and what becomes of the message.</summary>
public sealed class QueueFunctionTests
{
    private static readonly string Once = "AzureFunctionsJobHost:extensions:queues:maxDequeueCount";

    [Theory]
    [InlineData(QueueMessageEncoding.Base64, "base64")]
    [InlineData(QueueMessageEncoding.None, "none")]
    public async Task A_message_runs_the_function_once_and_is_deleted(QueueMessageEncoding encoding, string setting)
    {
        await using var app = await TestApp.StartAsync(
            [typeof(TextFunction)], settings: new Dictionary<string, string?> { ["AzureFunctionsJobHost:extensions:queues:messageEncoding"] = setting });

        await app.Queue("in", encoding).PutOrCreateAsync(BinaryData.FromString("hello ü <&>"));

        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the function has succeeded");
        await app.QueueIsEmptyAsync("in");
        app.Probe.Texts.ShouldBe(["hello ü <&>"]);
        app.Logs.WithId(1).ShouldHaveSingleItem().Message.ShouldContain("Executing 'Text' (Reason='New queue message detected on");
    }

    [Fact]
    public async Task A_function_gets_the_message_and_what_the_queue_says_of_it()
    {
        await using var app = await TestApp.StartAsync([typeof(BindingFunction)]);
        const string text = "{\"ID\":\"A-1\",\"total\":12.50}";

        await app.SendAsync("in", text);
        await Eventually.HoldsAsync(() => app.Probe.Calls.Count == 1, "the function was called");

        var (input, context) = app.Probe.Calls[0];
        var bound = input.ShouldBeOfType<BindingFunction.Bound>();
        bound.Order.ShouldBe(new BindingFunction.Order("A-1", 12.50m));
        (bound.DequeueCount, bound.QueueTrigger, bound.Total, bound.Absent, bound.Default, bound.TokensAgree).ShouldBe((1, text, 12.50m, null, 7, true));
        bound.ExpirationTime.ShouldBe(bound.InsertionTime.AddDays(7));

        var data = context.BindingContext.BindingData;
        (data["id"], data["dequeuecount"]).ShouldBe((bound.MessageId, "1"));
        bound.MessageId.ShouldBe("A-1", "a field of the message comes before what the queue says");
        // Everything but texts is JSON there, as the host hands it over.
        JsonSerializer.Deserialize<DateTimeOffset>((string)data["InsertionTime"]!).ShouldBe(bound.InsertionTime);
        context.FunctionDefinition.Name.ShouldBe("Binding");
        context.FunctionDefinition.InputBindings.Keys.ShouldBe(["order"]);
        context.RetryContext.ShouldBeNull();
    }

    [Fact]
    public async Task Bytes_are_not_searched_for_fields()
    {
        await using var app = await TestApp.StartAsync([typeof(BytesFunction)]);

        await app.SendAsync("in", "{\"ID\":\"A-1\",\"total\":12.50}");
        await Eventually.HoldsAsync(() => app.Probe.Calls.Count == 1, "the function was called");

        var data = app.Probe.Calls[0].Context.BindingContext.BindingData;
        Guid.TryParse((string)data["Id"]!, out _).ShouldBeTrue("it is the queue's");
        data.ContainsKey("total").ShouldBeFalse();
    }

    [Fact]
    public async Task Bytes_that_are_no_text_reach_the_function()
    {
        await using var app = await TestApp.StartAsync([typeof(BytesFunction)]);
        byte[] bytes = [0, 255, 1, 254];

        await app.Queue("in").PutOrCreateAsync(BinaryData.FromBytes(bytes));
        await Eventually.HoldsAsync(() => app.Probe.Calls.Count == 1, "the function was called");

        app.Probe.Calls[0].Input.ShouldBe(bytes);
    }

    [Fact]
    public async Task A_message_that_fails_every_try_goes_to_the_poison_queue_with_its_reason_logged()
    {
        await using var app = await TestApp.StartAsync([typeof(TextFunction)]);
        app.Probe.Act = _ => throw new InvalidDataException("no such account");

        await app.SendAsync("in", "bad");

        (await app.MessagesAsync("in-poison", 1)).ShouldBe(["bad"]);
        await app.QueueIsEmptyAsync("in");
        app.Probe.Calls.Select(call => call.Context.BindingContext.BindingData["DequeueCount"]).ShouldBe(["1", "2", "3", "4", "5"]);
        app.Logs.WithId(3).Count.ShouldBe(5);
        var poisoned = app.Logs.WithId(29).ShouldHaveSingleItem();
        poisoned.Message.ShouldContain("in-poison': try 5 of 5 failed with InvalidDataException: no such account");
        poisoned.Message.ShouldContain((string)app.Probe.Calls[0].Context.BindingContext.BindingData["Id"]!);
    }

    [Fact]
    public async Task A_message_that_is_not_in_the_queues_encoding_is_poisoned_as_it_is_without_a_call()
    {
        await using var app = await TestApp.StartAsync([typeof(TextFunction)]);

        await app.Queue("in", QueueMessageEncoding.None).PutOrCreateAsync(BinaryData.FromString("{\"not\":\"base64\"}"));

        (await app.MessagesAsync("in-poison", 1)).ShouldBe(["{\"not\":\"base64\"}"]);
        await app.QueueIsEmptyAsync("in");
        app.Probe.Calls.ShouldBeEmpty();
        app.Logs.WithId(29).ShouldHaveSingleItem().Message.ShouldContain("it is not Base64");
    }

    [Fact]
    public async Task A_message_whose_tries_were_used_up_elsewhere_is_poisoned_without_a_call()
    {
        var run = TestApp.NewRun();
        var queue = TestApp.Queue(run, "in");
        await queue.PutOrCreateAsync(BinaryData.FromString("tried"));
        var elsewhere = (await queue.GetAsync(1, TimeSpan.FromMinutes(1))).ShouldHaveSingleItem();
        await queue.UpdateAsync(elsewhere.Id, elsewhere.PopReceipt!, TimeSpan.Zero);

        await using var app = await TestApp.StartAsync([typeof(TextFunction)], run, new Dictionary<string, string?> { [Once] = "1" });

        (await app.MessagesAsync("in-poison", 1)).ShouldBe(["tried"]);
        app.Probe.Calls.ShouldBeEmpty();
        app.Logs.WithId(29).ShouldHaveSingleItem().Message.ShouldContain("all 1 tries are used up");
    }

    [Fact]
    public async Task A_body_that_does_not_fit_the_parameter_is_a_failed_try_and_is_not_logged()
    {
        await using var app = await TestApp.StartAsync([typeof(BindingFunction)], settings: new Dictionary<string, string?> { [Once] = "1" });

        await app.SendAsync("in", "{\"id\":\"private\",\"total\":\"much\"}");

        await app.MessagesAsync("in-poison", 1);
        app.Probe.Calls.ShouldBeEmpty();
        app.Logs.WithId(3).ShouldHaveSingleItem().Exception!.Message.ShouldContain("Parameter order of function Binding cannot be read as Order");
        app.Logs.Entries.ShouldAllBe(entry => !entry.Message.Contains("private") && !$"{entry.Exception}".Contains("private"));
    }

    [Fact]
    public async Task A_function_that_gives_up_with_a_cancellation_has_failed()
    {
        await using var app = await TestApp.StartAsync([typeof(TextFunction)], settings: new Dictionary<string, string?> { [Once] = "2" });
        app.Probe.Act = _ => throw new OperationCanceledException();

        await app.SendAsync("in", "cancelled");

        await app.MessagesAsync("in-poison", 1);
        app.Probe.Calls.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_poison_queue_has_no_poison_queue_of_its_own()
    {
        await using var app = await TestApp.StartAsync([typeof(PoisonFunction)], settings: new Dictionary<string, string?> { [Once] = "1" });
        app.Probe.Act = _ => throw new InvalidDataException();

        await app.SendAsync("in-poison", "lost cause");

        await Eventually.HoldsAsync(() => app.Logs.WithId(30).Count > 0, "the message was left in its queue");
        (await app.Queue("in-poison").GetPropertiesAsync()).ApproximateMessageCount.ShouldBe(1);
        (await app.Queue("in-poison-poison").ExistsAsync()).ShouldBeFalse();
    }
}
