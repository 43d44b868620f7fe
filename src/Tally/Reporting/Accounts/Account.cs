using NodaTime;

namespace Tally.Reporting.Accounts;

/// <summary>A row of <c>reporting.accounts</c>.</summary>
public sealed record Account
{
    public required long Id { get; init; }

    public required string Name { get; init; }

    /// <summary>As it is stored: an IANA id, an alias of one, or, if somebody wrote to the table, anything.</summary>
    public string? ReportingTimezone { get; init; }

    /// <summary>Since when <see cref="ReportingTimezone"/> holds.</summary>
    public required Instant TimezoneSetAt { get; init; }

    /// <summary>Whether reports may read rollups.</summary>
    public required bool ReportRollup { get; init; }

    public required Instant CreatedAt { get; init; }

    /// <summary>The zone that days are cut in; null if none is set or the stored id is unknown: then nothing is rolled up.</summary>
    public DateTimeZone? Zone => TimeZones.TryFind(ReportingTimezone, out var zone) ? zone : null;
}
