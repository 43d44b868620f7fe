using System.Diagnostics.CodeAnalysis;
using NodaTime;
using NodaTime.TimeZones;

namespace Tally.Reporting.Accounts;

/// <summary>The rules that this process cuts days with: a version of the time zone data.</summary>
internal sealed class ZoneRules
{
    private readonly IDateTimeZoneProvider _provider;
    private readonly IDictionary<string, string> _canonicalIds;

    /// <param name="provider">The zones, by canonical id.</param>
    /// <param name="version">As the data call it, for example <c>2026a</c>; later ones sort later.</param>
    /// <param name="canonicalIds">The canonical id of every id and alias.</param>
    public ZoneRules(IDateTimeZoneProvider provider, string version, IDictionary<string, string> canonicalIds)
    {
        _provider = provider;
        _canonicalIds = canonicalIds;
        Version = version;
    }

    /// <summary>NodaTime's own copy.</summary>
    public static ZoneRules Default { get; } =
        new(DateTimeZoneProviders.Tzdb, TzdbDateTimeZoneSource.Default.TzdbVersion, TzdbDateTimeZoneSource.Default.CanonicalIdMap);

    public string Version { get; }

    /// <summary>The zone under its canonical id.</summary>
    public bool TryFind([NotNullWhen(true)] string? id, [NotNullWhen(true)] out DateTimeZone? zone)
    {
        zone = id is not null && _canonicalIds.TryGetValue(id, out var canonical) ? _provider[canonical] : null;
        return zone is not null;
    }

    /// <exception cref="UnknownTimeZoneException">There is no such zone; the message suggests close ids.</exception>
    public DateTimeZone Find(string id) => TryFind(id, out var zone) ? zone : throw new UnknownTimeZoneException(id, TimeZones.Suggest(id));
}
