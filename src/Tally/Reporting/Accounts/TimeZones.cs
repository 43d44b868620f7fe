using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using NodaTime;
using NodaTime.Text;
using NodaTime.TimeZones;

namespace Tally.Reporting.Accounts;

/// <summary>The IANA time zones, from NodaTime's copy of the database.</summary>
internal static partial class TimeZones
{
    private static readonly IDictionary<string, string> CanonicalIds = TzdbDateTimeZoneSource.Default.CanonicalIdMap;

    /// <summary>Version of the zone rules, for example <c>2026a</c>.</summary>
    public static string RulesVersion => TzdbDateTimeZoneSource.Default.TzdbVersion;

    /// <summary>
    /// The zone called <paramref name="id"/>, under its canonical id: <c>Asia/Calcutta</c> gives <c>Asia/Kolkata</c>.
    /// Ids are case-sensitive; offsets and the names of other systems are no ids.
    /// </summary>
    public static bool TryFind([NotNullWhen(true)] string? id, [NotNullWhen(true)] out DateTimeZone? zone)
    {
        zone = id is not null && CanonicalIds.TryGetValue(id, out var canonical) ? DateTimeZoneProviders.Tzdb[canonical] : null;
        return zone is not null;
    }

    /// <summary>As <see cref="TryFind"/>.</summary>
    /// <exception cref="UnknownTimeZoneException">There is no such zone; the message suggests close ids.</exception>
    public static DateTimeZone Find(string id) => TryFind(id, out var zone) ? zone
        : OffsetOf(id) is { } offset ? throw new UnknownTimeZoneException(id, offset, WithStandardOffset(offset, Instant.MaxValue))
        : throw new UnknownTimeZoneException(id, Suggest(id));

    /// <summary>Whether both ids name the same zone; an unknown id names none.</summary>
    public static bool AreSame(string? first, string? second) =>
        TryFind(first, out var one) && TryFind(second, out var other) && one.Id == other.Id;

    /// <summary>
    /// Zones whose standard offset, as of <paramref name="now"/>, is <paramref name="offset"/>: one for each
    /// canonical id that names a place, most used spelling first by alphabet.
    /// </summary>
    public static IReadOnlyList<string> WithStandardOffset(Offset offset, Instant now) =>
        [.. TzdbDateTimeZoneSource.Default.ZoneLocations!
            .Select(location => location.ZoneId)
            .Where(id => CanonicalIds[id] == id && DateTimeZoneProviders.Tzdb[id].GetZoneInterval(now).StandardOffset == offset)
            .Concat(offset == Offset.Zero ? ["Etc/UTC"] : [])
            .Distinct()
            .Order(StringComparer.Ordinal)];

    /// <summary>Up to three ids that resemble <paramref name="id"/>, closest first.</summary>
    public static IReadOnlyList<string> Suggest(string id)
    {
        var wanted = Normalise(id);
        if (wanted.Length == 0) return [];
        return [.. CanonicalIds.Keys
            .Select(known => (known, distance: Distance(wanted, known)))
            .Where(candidate => candidate.distance <= Math.Max(2, wanted.Length / 3))
            .OrderBy(candidate => candidate.distance)
            .ThenBy(candidate => candidate.known, StringComparer.Ordinal)
            .Select(candidate => candidate.known)
            .Take(3)];
    }

    // As people write it, ahead of UTC; the sign of Etc/GMT+2 means the opposite.
    private static Offset? OffsetOf(string id) =>
        OffsetPattern().Match(id.Trim()) is { Success: true, Groups: var parts }
        && int.Parse(parts["hours"].ValueSpan, CultureInfo.InvariantCulture) * 60 + (parts["minutes"].Success ? int.Parse(parts["minutes"].ValueSpan, CultureInfo.InvariantCulture) : 0) is var minutes
        && minutes <= 14 * 60
            ? Offset.FromSeconds((parts["sign"].ValueSpan is "+" ? 60 : -60) * minutes)
            : null;

    [GeneratedRegex("^(UTC|GMT|Z)? ?(?<sign>[+-])(?<hours>[0-9]{1,2})(:?(?<minutes>[0-5][0-9]))?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex OffsetPattern();

    // The region is what people get wrong: the same city elsewhere is closer than another city of the same region.
    private static int Distance(string wanted, string known)
    {
        var (whole, city) = (Normalise(known), CityOf(Normalise(known)));
        return city == wanted ? 0 : Math.Min(EditDistance(wanted, whole), EditDistance(CityOf(wanted), city) + 1);
    }

    private static string CityOf(string id) => id[(id.LastIndexOf('/') + 1)..];

    private static string Normalise(string id) => id.Trim().Replace(' ', '_').ToUpperInvariant();

    private static int EditDistance(string first, string second)
    {
        var previous = Enumerable.Range(0, second.Length + 1).ToArray();
        for (var row = 1; row <= first.Length; row++)
        {
            var current = new int[second.Length + 1];
            current[0] = row;
            for (var column = 1; column <= second.Length; column++)
            {
                var substitution = previous[column - 1] + (first[row - 1] == second[column - 1] ? 0 : 1);
                current[column] = Math.Min(substitution, 1 + Math.Min(previous[column], current[column - 1]));
            }

            previous = current;
        }

        return previous[^1];
    }
}

/// <summary>A zone id that is not in the IANA database.</summary>
internal sealed class UnknownTimeZoneException : OperatorException
{
    private const int MaxShown = 8;

    /// <param name="id">The id.</param>
    /// <param name="suggestions">Ids that resemble it.</param>
    public UnknownTimeZoneException(string id, IReadOnlyList<string> suggestions)
        : base(Describe(id, suggestions)) => (Id, Suggestions) = (id, suggestions);

    /// <param name="id">An offset from UTC.</param>
    /// <param name="offset">Which one.</param>
    /// <param name="zones">Those that have it in winter.</param>
    public UnknownTimeZoneException(string id, Offset offset, IReadOnlyList<string> zones)
        : base(Describe(id, offset, zones)) => (Id, Suggestions) = (id, zones);

    public string Id { get; }

    public IReadOnlyList<string> Suggestions { get; }

    private static string Describe(string id, Offset offset, IReadOnlyList<string> zones) =>
        $"'{id}' is an offset, not an IANA time zone id. " + (zones.Count == 0
            ? $"No zone is at UTC{OffsetPattern.GeneralInvariant.Format(offset)}."
            : $"Zones at UTC{OffsetPattern.GeneralInvariant.Format(offset)}: {string.Join(", ", zones.Take(MaxShown).Select(zone => $"'{zone}'"))}"
                + (zones.Count <= MaxShown ? "." : $" and {zones.Count - MaxShown} more."));

    private static string Describe(string id, IReadOnlyList<string> suggestions) =>
        $"'{id}' is not an IANA time zone id. " + (suggestions.Count == 0
            ? "Ids look like 'America/New_York'."
            : $"Did you mean {string.Join(", ", suggestions.Select(suggestion => $"'{suggestion}'"))}?");
}
