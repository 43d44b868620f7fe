using NodaTime;

namespace Tally.Dashboard.Views;

/// <summary>Looks at the queues, without taking anything from them.</summary>
internal interface IQueues
{
    /// <summary>Every queue, those of poison messages too.</summary>
    Task<IReadOnlyList<QueueState>> ReadAsync(CancellationToken cancellationToken);
}

/// <param name="Messages">Those in hand included.</param>
/// <param name="OldestSince">When the oldest at the front was put; null if none is visible.</param>
internal sealed record QueueState(string Name, long Messages, Instant? OldestSince)
{
    public bool IsPoison => Name.EndsWith(QueueNames.PoisonSuffix, StringComparison.Ordinal);

    /// <summary>Whether the function app takes its messages; alerts wait for others.</summary>
    public bool IsWorked => !IsPoison && Name != QueueNames.BillingAlerts;

    /// <summary>The queue that a poison queue belongs to.</summary>
    public string Source => IsPoison ? Name[..^QueueNames.PoisonSuffix.Length] : Name;

    public Duration? AgeAt(Instant now) => OldestSince is { } since ? Duration.Max(now - since, Duration.Zero) : null;
}
