using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;
using Shouldly;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Xunit;

namespace Tally.Tests.LocalRuntime.QueueTriggers;

public sealed class QueueOutputTests
{
    [Fact]
    public async Task An_array_is_one_message_for_each_element()
    {
        await using var app = await TestApp.StartAsync([typeof(ArrayOutputFunction)]);

        await app.SendAsync("in", "abc");

        (await app.MessagesAsync("letters", 3)).ShouldBe(["a", "b", "c"]);
    }

    [Fact]
    public async Task An_object_is_one_message_of_JSON_and_null_is_none()
    {
        await using var app = await TestApp.StartAsync([typeof(SingleOutputFunction)]);

        await app.SendAsync("in", "");
        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the function that returns null has succeeded");
        (await app.Queue("length").ExistsAsync()).ShouldBeFalse();
        await app.SendAsync("in", "four");

        JsonSerializer.Deserialize<SingleOutputFunction.Length>((await app.MessagesAsync("length", 1)).ShouldHaveSingleItem())!.Value.ShouldBe(4);
    }

    [Fact]
    public async Task Each_property_goes_to_its_queue()
    {
        await using var app = await TestApp.StartAsync([typeof(PropertyOutputFunction)]);

        await app.SendAsync("in", "x");

        (await app.MessagesAsync("many", 2)).ShouldBe(["a", "b"]);
        (await app.MessagesAsync("one", 1)).ShouldBe(["x"]);
        (await app.Queue("none").ExistsAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_function_that_fails_sends_nothing()
    {
        await using var app = await TestApp.StartAsync([typeof(ArrayOutputFunction)]);
        app.Probe.Act = call => app.Probe.Calls.Count == 1 ? throw new InvalidDataException() : Task.CompletedTask;

        await app.SendAsync("in", "ab");

        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the second try has succeeded");
        (await app.MessagesAsync("letters", 2)).ShouldBe(["a", "b"]);
        app.Logs.WithId(3).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_connection_that_is_configured_nowhere_is_the_default_one_and_said_once()
    {
        await using var app = await TestApp.StartAsync([typeof(SingleOutputFunction)]);

        await app.SendAsync("in", "four");

        await app.MessagesAsync("length", 1);
        var warning = app.Logs.WithId(31).ShouldHaveSingleItem().Message;
        warning.ShouldContain("'NowhereConfigured' is configured nowhere");
        warning.ShouldContain("Azure's host would not start the function");
    }

    [Fact]
    public async Task Middleware_surrounds_the_function_and_may_replace_its_result()
    {
        var steps = new List<string>();
        await using var app = await TestApp.StartAsync([typeof(ArrayOutputFunction)], configure: builder =>
        {
            builder.UseMiddleware(async (_, next) =>
            {
                steps.Add("outer in");
                await next();
                steps.Add("outer out");
            });
            builder.UseWhen(context => context.FunctionDefinition.Name == "Letters", async (context, next) =>
            {
                steps.Add("inner in");
                await next();
                context.GetInvocationResult<char[]>().Value = ['z'];
                steps.Add("inner out");
            });
            builder.UseWhen(_ => false, (_, _) => throw new InvalidOperationException("must not run"));
        });

        await app.SendAsync("in", "abc");

        (await app.MessagesAsync("letters", 1)).ShouldBe(["z"]);
        steps.ShouldBe(["outer in", "inner in", "inner out", "outer out"]);
    }
}
