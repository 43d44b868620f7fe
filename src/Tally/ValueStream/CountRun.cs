using NodaTime;

namespace Tally.ValueStream;

/// <summary>A claimed row of <c>value_stream_dashboard_runs</c>: one top-level group in one month.</summary>
internal sealed record CountRun
{
    public required long TopLevelNamespaceId { get; init; }
    public required LocalDate PeriodMonth { get; init; }
    public required short Metric { get; init; }
    public required long? NamespaceId { get; init; }
    public required long? PartialNamespaceId { get; init; }
    public required long? LastCount { get; init; }
    public required long? LastValue { get; init; }
    public required int Shrink { get; init; }
    public required int Attempts { get; init; }
    public required string LeaseOwner { get; init; }
    public required long Fence { get; init; }

    public Position Position => new(
        Metric, NamespaceId, PartialNamespaceId is { } id ? new Partial(id, LastCount!.Value, LastValue!.Value) : null);
}

/// <summary>
/// How far a run has come: all metrics before <paramref name="Metric"/> are done, and in it every namespace up to
/// <paramref name="NamespaceId"/>; null is its start.
/// </summary>
internal sealed record Position(short Metric, long? NamespaceId, Partial? Partial)
{
    /// <summary>What namespace ids must be greater than.</summary>
    public long After => NamespaceId ?? long.MinValue;
}

/// <summary>The rows of one large namespace counted so far, up to and including the key <paramref name="LastValue"/>.</summary>
internal sealed record Partial(long NamespaceId, long LastCount, long LastValue);

/// <summary>The finished count of one namespace.</summary>
internal sealed record NamespaceCount(long NamespaceId, long Count);
