using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace LocalHost.TestApp;

/// <summary>A function app for the tests of LocalHost: one function for each thing that a host has to do right.</summary>
public sealed class Functions(ILogger<Functions> logger)
{
    public const string Retried = "Retried";

    /// <summary>A text with its metadata, from a queue and a connection that settings name.</summary>
    [Function("Text")]
    [QueueOutput("text-out", Connection = "Orders")]
    public static Seen Text([QueueTrigger("%TextQueue%", Connection = "Orders")] string message, FunctionContext context)
    {
        var data = context.BindingContext.BindingData;
        return new Seen(message, Value(data, "Id"), Value(data, "DequeueCount"), Value(data, "colour"));
    }

    /// <summary>Bytes, and outputs of every kind.</summary>
    [Function("Bytes")]
    public static Outputs Bytes([QueueTrigger("bytes-in", Connection = "Orders")] byte[] message, FunctionContext context)
    {
        Console.WriteLine("A line on standard output.");
        return new Outputs
        {
            Many = ["one", "two", Encoding.UTF8.GetString(message)],
            Objects = [new Seen("2026-01-01T00:00:00Z", Value(context.BindingContext.BindingData, "Id"), null, null)],
            Nothing = null,
        };
    }

    /// <summary>What host and worker cost by themselves.</summary>
    [Function("Nothing")]
    public static void Nothing([QueueTrigger("nothing-in", Connection = "Orders")] byte[] message)
    {
    }

    [Function("Fails")]
    public void Fails([QueueTrigger("fails-in", Connection = "Orders")] string message)
    {
        logger.LogWarning("Trying {Message}", message);
        throw new InvalidOperationException($"{message} is not acceptable.");
    }

    /// <summary>Takes its time, in the way that the message says.</summary>
    [Function("Slow")]
    public async Task Slow([QueueTrigger("slow-in", Connection = "Orders")] string message, string dequeueCount, CancellationToken cancellationToken)
    {
        logger.LogInformation("Slow {Message}, try {Try}", message, dequeueCount);
        if (dequeueCount == "1")
        {
            if (message == "crash") Environment.Exit(42);
            if (message == "wait") await Task.Delay(Timeout.Infinite, cancellationToken);
            if (message == "ignore") await Task.Delay(Timeout.Infinite, CancellationToken.None);
            if (message == "pause") await Task.Delay(500, CancellationToken.None);
        }

        logger.LogInformation("Slow {Message} done", message);
    }

    [Function("Tick")]
    public void Tick([TimerTrigger("%TickSchedule%")] TimerInfo timer) => logger.LogInformation("Tick, past due: {IsPastDue}", timer.IsPastDue);

    /// <summary>Not of the app unless a test asks for it: hosts may refuse it.</summary>
    [Function(Retried)]
    [FixedDelayRetry(3, "00:00:01")]
    public void Repeat([TimerTrigger("%TickSchedule%")] TimerInfo timer) => logger.LogInformation("Retried, past due: {IsPastDue}", timer.IsPastDue);

    private static string? Value(IReadOnlyDictionary<string, object?> data, string name) => data.TryGetValue(name, out var value) ? value?.ToString() : null;
}

/// <summary>What a function saw of its message.</summary>
public sealed record Seen(string Text, string? Id, string? DequeueCount, string? Colour);

/// <summary>Outputs of one function.</summary>
public sealed class Outputs
{
    [QueueOutput("many-out", Connection = "Orders")]
    public string[]? Many { get; init; }

    [QueueOutput("objects-out", Connection = "Orders")]
    public Seen[]? Objects { get; init; }

    [QueueOutput("nothing-out", Connection = "Orders")]
    public Seen? Nothing { get; init; }
}
