using System.Collections.ObjectModel;
using NodaTime;

namespace Tally.Tests.Reporting.Days;

/// <summary>Time zone data in which one zone keeps the clock of another.</summary>
internal sealed class MovedZones(string moved, string kept) : IDateTimeZoneProvider
{
    private readonly IDateTimeZoneProvider _tzdb = DateTimeZoneProviders.Tzdb;

    public string VersionId => "9999z";

    public ReadOnlyCollection<string> Ids => _tzdb.Ids;

    public DateTimeZone this[string id] => _tzdb[id == moved ? kept : id];

    public DateTimeZone GetSystemDefault() => throw new NotSupportedException();

    public DateTimeZone? GetZoneOrNull(string id) => this[id];
}
