using System.Globalization;
using NodaTime;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;

namespace Tally.Reporting.Reports;

/// <summary>The zone that a report is asked for in: an IANA zone, or an offset that never changes.</summary>
internal sealed class ReportZone
{
    private readonly bool _isOffset;

    private ReportZone(DateTimeZone zone, bool isOffset)
    {
        Zone = zone;
        _isOffset = isOffset;
    }

    public DateTimeZone Zone { get; }

    /// <summary>The zone called <paramref name="id"/>.</summary>
    /// <exception cref="UnknownTimeZoneException">It is no IANA id.</exception>
    public static ReportZone Named(string id) => new(TimeZones.Find(id), isOffset: false);

    public static ReportZone FixedOffset(Offset offset) => new(DateTimeZone.ForOffset(offset), isOffset: true);

    /// <summary>The offset of <paramref name="text"/>: hours such as <c>-5</c> or <c>5.75</c>, or <c>+5:45</c>.</summary>
    /// <exception cref="ReportRequestException">It is no offset from -12 to +14 hours.</exception>
    public static ReportZone ParseOffset(string text) => FixedOffset(TryParse(text.Trim(), out var hours) && hours is >= -12 and <= 14 && hours * 3600 % 1 == 0
        ? Offset.FromSeconds((int)(hours * 3600))
        : throw new ReportRequestException($"'{text}' is no offset. Use hours from -12 to 14 such as -5, 5.75 or +5:45."));

    /// <summary>The account's own zone; UTC if it has none.</summary>
    public static ReportZone Of(Account account) => new(account.Zone ?? DateTimeZone.Utc, isOffset: false);

    /// <summary>
    /// Whether these days, cut in <paramref name="accountZone"/>, are days of this zone too. Of an IANA zone that is a
    /// matter of its canonical id. An offset must hold at both ends of every day: the one that a zone has today says
    /// nothing about the other half of its year.
    /// </summary>
    internal bool HasDays(IEnumerable<LocalDay> days, DateTimeZone accountZone) =>
        _isOffset ? days.All(day => LocalDay.Of(day.Date, Zone) == day) : Zone.Id == accountZone.Id;

    public override string ToString() => Zone.Id;

    private static bool TryParse(string text, out decimal hours)
    {
        var parts = text.Split(':');
        if (!decimal.TryParse(parts[0], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out hours)) return false;
        if (parts.Length == 1) return true;
        if (parts.Length > 2 || parts[1].Length != 2 || hours % 1 != 0 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) || minutes > 59) return false;
        hours += (text[0] == '-' ? -1 : 1) * minutes / 60m;
        return true;
    }
}
