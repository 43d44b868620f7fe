using NodaTime;

namespace Tally.Billing.Refresh;

/// <summary>What a refresh did to one day, in facts.</summary>
internal sealed record RefreshedDay
{
    public required LocalDate LocalDate { get; init; }
    public required long Inserted { get; init; }
    public required long Updated { get; init; }
    public required long Removed { get; init; }

    /// <summary>Changes recorded and not applied, because the month is closed.</summary>
    public required long Held { get; init; }

    /// <summary>Facts left as they were, because their services' messages of that day have been purged.</summary>
    public required long Kept { get; init; }

    /// <summary>Whether the facts now say what the notifications say.</summary>
    public bool IsApplied() => Held == 0 && Kept == 0;
}
