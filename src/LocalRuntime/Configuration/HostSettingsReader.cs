using System.Globalization;
using LocalRuntime.Hosting;
using LocalRuntime.Queues;
using Microsoft.Extensions.Configuration;

namespace LocalRuntime.Configuration;

/// <summary>Reads <see cref="HostSettings"/> with the Functions host's defaults and limits.</summary>
internal sealed class HostSettingsReader(IConfiguration hostJson, bool isDevelopment)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <exception cref="StartupException">A value is out of range; the message names it.</exception>
    public HostSettings Read() => new() { FunctionTimeout = ReadTimeout(), Queues = ReadQueues() };

    private TimeSpan? ReadTimeout() => hostJson["functionTimeout"] == "-1"
        ? null
        : Time("functionTimeout", TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(1), TimeSpan.FromDays(10));

    private QueueSettings ReadQueues()
    {
        var batchSize = Number("extensions:queues:batchSize", 16, 1, 32);
        return new QueueSettings
        {
            BatchSize = batchSize,
            NewBatchThreshold = Number("extensions:queues:newBatchThreshold", batchSize / 2 * Environment.ProcessorCount, 0, int.MaxValue),
            MaxDequeueCount = Number("extensions:queues:maxDequeueCount", 5, 1, int.MaxValue),
            VisibilityTimeout = Time("extensions:queues:visibilityTimeout", TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromDays(7)),
            MaxPollingInterval = Time(
                "extensions:queues:maxPollingInterval",
                isDevelopment ? TimeSpan.FromSeconds(2) : TimeSpan.FromMinutes(1),
                TimeSpan.FromMilliseconds(100),
                Day),
            MessageEncoding = Encoding("extensions:queues:messageEncoding"),
        };
    }

    private QueueMessageEncoding Encoding(string key) => hostJson[key]?.ToLowerInvariant() switch
    {
        null or "base64" => QueueMessageEncoding.Base64,
        "none" => QueueMessageEncoding.None,
        var other => throw new StartupException($"host.json {Dotted(key)} is '{other}'; it must be base64 or none."),
    };

    private int Number(string key, int fallback, int minimum, int maximum)
    {
        if (hostJson[key] is not { } text) return fallback;
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? number
            : throw new StartupException($"host.json {Dotted(key)} is '{text}'; it must be a whole number {(maximum == int.MaxValue ? $"of {minimum} or more" : $"from {minimum} to {maximum}")}.");
    }

    private TimeSpan Time(string key, TimeSpan fallback, TimeSpan minimum, TimeSpan maximum)
    {
        if (hostJson[key] is not { } text) return fallback;
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time >= minimum && time <= maximum
            ? time
            : throw new StartupException($"host.json {Dotted(key)} is '{text}'; it must be a time such as 00:01:00, between {minimum:g} and {maximum:g}.");
    }

    private static string Dotted(string key) => key.Replace(':', '.');
}
