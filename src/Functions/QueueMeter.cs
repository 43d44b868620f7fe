using Azure;
using Microsoft.Extensions.Configuration;
using NodaTime;
using Tally.Azure;
using Tally.Scheduling;

namespace Tally.Functions;

/// <summary>Reads the depth and the oldest message of each business queue and its poison queue.</summary>
public sealed class QueueMeter(IConfiguration configuration, IClock clock)
{
    private readonly QueueAccount _account = Connect(configuration);

    /// <summary>Records what every queue holds, as far as there is time.</summary>
    /// <exception cref="RequestFailedException">The queue service refused or did not answer.</exception>
    internal async Task<RunOutcome> MeasureAsync(RuntimeLimiter limiter, CancellationToken cancellationToken)
    {
        foreach (var name in QueueNames.All.SelectMany(name => new[] { name, name + QueueNames.PoisonSuffix }))
        {
            var depth = await QueueDepth.ReadAsync(_account, name, cancellationToken);
            Telemetry.RecordQueue(name, depth.Messages, (depth.AgeAt(clock.GetCurrentInstant()) ?? Duration.Zero).ToTimeSpan());
            if (limiter.IsOverTime()) return RunOutcome.TimeUp;
        }

        return RunOutcome.Completed;
    }

    // The account of the triggers; the host's own where the settings name no other, which they do in Azure.
    internal static QueueAccount Connect(IConfiguration configuration) =>
        QueueAccount.Find(configuration, QueueNames.Connection) ?? QueueAccount.Find(configuration, QueueAccount.Default)
        ?? throw new InvalidOperationException($"Setting {QueueNames.Connection} is missing. Set it to a storage connection string, or {QueueNames.Connection}:queueServiceUri to an address such as https://account.queue.core.windows.net.");
}
