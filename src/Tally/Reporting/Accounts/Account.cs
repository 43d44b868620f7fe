using NodaTime;

namespace Tally.Reporting.Accounts;

/// <summary>A row of <c>reporting.accounts</c>.</summary>
internal sealed record Account
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

    /// <summary>Whether every stored event lies in the window of a day that is on record: then a day that is not has none.</summary>
    public bool DaysOnRecord { get; init; }

    /// <summary>The version of the time zone data that the days were last compared with; null for none.</summary>
    public string? ComparedRules { get; init; }

    /// <summary>The columns of <c>reporting.accounts</c> that make one.</summary>
    internal const string Columns = "id, name, reporting_timezone, timezone_set_at, report_rollup, created_at, days_on_record, compared_rules";

    internal ZoneRules Rules { get; init; } = ZoneRules.Default;

    /// <summary>The zone that days are cut in; null if none is set or the stored id is unknown: then nothing is rolled up.</summary>
    public DateTimeZone? Zone => Rules.TryFind(ReportingTimezone, out var zone) ? zone : null;
}
