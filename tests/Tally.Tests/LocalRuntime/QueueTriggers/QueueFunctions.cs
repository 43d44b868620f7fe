using Microsoft.Azure.Functions.Worker;
using Tally.Tests.LocalRuntime.Hosting;

namespace Tally.Tests.LocalRuntime.QueueTriggers;

/// <summary>Notes the text of each message.</summary>
public sealed class TextFunction(Probe probe)
{
    [Function("Text")]
    public Task Run([QueueTrigger("%Run%-in")] string text, FunctionContext context) => probe.CallAsync(text, context);
}

/// <summary>Binds everything that can be bound.</summary>
public sealed class BindingFunction(Probe probe)
{
    public sealed record Order(string Id, decimal Total);

    public sealed record Bound(
        Order Order, string MessageId, string PopReceipt, long DequeueCount, DateTimeOffset InsertionTime, DateTimeOffset ExpirationTime,
        string QueueTrigger, decimal Total, string? Absent, int Default, bool TokensAgree);

    [Function("Binding")]
    public Task Run(
        [QueueTrigger("%Run%-in")] Order order, string id, string popReceipt, long dequeueCount, DateTimeOffset insertionTime,
        DateTimeOffset expirationTime, string queueTrigger, decimal total, string? absent, FunctionContext context,
        CancellationToken cancellationToken, int notThere = 7) =>
        probe.CallAsync(
            new Bound(order, id, popReceipt, dequeueCount, insertionTime, expirationTime, queueTrigger, total, absent, notThere, cancellationToken == context.CancellationToken),
            context);
}

/// <summary>Binds the message's bytes.</summary>
public sealed class BytesFunction(Probe probe)
{
    [Function("Bytes")]
    public Task Run([QueueTrigger("%Run%-in")] byte[] body, FunctionContext context) => probe.CallAsync(body, context);
}

/// <summary>Returns an array: a message for each letter.</summary>
public sealed class ArrayOutputFunction(Probe probe)
{
    [Function("Letters")]
    [QueueOutput("%Run%-letters")]
    public async Task<char[]> Run([QueueTrigger("%Run%-in")] string text, FunctionContext context)
    {
        await probe.CallAsync(text, context);
        return text.ToCharArray();
    }
}

/// <summary>Returns one object, or null for an empty text.</summary>
public sealed class SingleOutputFunction(Probe probe)
{
    public sealed record Length(int Value);

    [Function("Length")]
    [QueueOutput("%Run%-length", Connection = "NowhereConfigured")]
    public async Task<Length?> Run([QueueTrigger("%Run%-in", Connection = "NowhereConfigured")] string text, FunctionContext context)
    {
        await probe.CallAsync(text, context);
        return text.Length > 0 ? new Length(text.Length) : null;
    }
}

/// <summary>Returns an object whose properties go to different queues. Not asynchronous, as a function may be.</summary>
public static class PropertyOutputFunction
{
    public sealed class Result
    {
        [QueueOutput("%Run%-many")]
        public IReadOnlyList<string> Many { get; init; } = [];

        [QueueOutput("%Run%-one")]
        public string? One { get; init; }

        [QueueOutput("%Run%-none")]
        public string? None { get; init; }

        public string Unbound { get; init; } = "stays here";
    }

    [Function("Properties")]
    public static Result Run([QueueTrigger("%Run%-in")] string text) => new() { Many = ["a", "b"], One = text };
}

/// <summary>Notes what <see cref="SingleOutputFunction"/> sends.</summary>
public sealed class FollowUpFunction(Probe probe)
{
    [Function("FollowUp")]
    public Task Run([QueueTrigger("%Run%-length")] SingleOutputFunction.Length length, FunctionContext context) => probe.CallAsync(length, context);
}

/// <summary>Works on a poison queue.</summary>
public sealed class PoisonFunction(Probe probe)
{
    [Function("Poison")]
    public Task Run([QueueTrigger("%Run%-in-poison")] string text, FunctionContext context) => probe.CallAsync(text, context);
}
