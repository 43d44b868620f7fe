using System.Text;
using NodaTime;

namespace Tally.Reporting.Poison;

/// <summary>A row of <c>reporting.poison_messages</c>: a message that failed its last try.</summary>
internal sealed record PoisonMessage
{
    /// <summary>The queue that it came from, without the suffix of poison.</summary>
    public required string Queue { get; init; }

    /// <summary>Its id there.</summary>
    public required string MessageId { get; init; }

    /// <summary>As it came.</summary>
    public required byte[] Body { get; init; }

    /// <summary>Why it failed: what is wrong, and what to do.</summary>
    public required string Reason { get; init; }

    /// <summary>How often it was delivered; 0 if the app never saw it, or could not say so.</summary>
    public required long Tries { get; init; }

    public required Instant FailedAt { get; init; }

    /// <summary>When it was put on its queue again.</summary>
    public Instant? RedrivenAt { get; init; }

    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>Why a message failed, without its text.</summary>
internal sealed record PoisonReason
{
    /// <summary>The queue that it came from, without the suffix of poison.</summary>
    public required string Queue { get; init; }

    public required string MessageId { get; init; }

    public required string Reason { get; init; }

    /// <summary>How often it was delivered; 0 if the app never saw it, or could not say so.</summary>
    public required long Tries { get; init; }

    public required Instant FailedAt { get; init; }
}
