using NodaTime;

namespace Tally.Cli.Demo.Reporting;

/// <summary>A made-up customer of the support desk.</summary>
/// <param name="Id">Its number, which also says how busy it is: the first is the busiest.</param>
/// <param name="Name">Its name.</param>
/// <param name="ZoneId">Where it keeps its days.</param>
internal sealed record DemoAccount(long Id, string Name, string ZoneId)
{
    public DateTimeZone Zone { get; } = DateTimeZoneProviders.Tzdb[ZoneId];

    /// <summary>Twenty accounts in twelve zones, several of which bend the calendar between January and April 2026.</summary>
    public static IReadOnlyList<DemoAccount> All { get; } =
    [
        new(1, "Hudson Outfitters", "America/New_York"),
        new(2, "Rhein Werkzeug", "Europe/Berlin"),
        new(3, "Thames Parcel", "Europe/London"),
        new(4, "Deccan Pharmacy", "Asia/Kolkata"),
        new(5, "Sumida Audio", "Asia/Tokyo"),
        new(6, "Paulista Books", "America/Sao_Paulo"),
        new(7, "Nile Travel", "Africa/Cairo"),
        new(8, "Malecón Music", "America/Havana"),
        new(9, "Himal Trekking", "Asia/Kathmandu"),
        new(10, "Harbour Coffee", "Pacific/Auckland"),
        new(11, "Signal Hill Fish", "America/St_Johns"),
        new(12, "Ball's Pyramid Dive", "Australia/Lord_Howe"),
        new(13, "Brooklyn Bikes", "America/New_York"),
        new(14, "Spree Möbel", "Europe/Berlin"),
        new(15, "Camden Sound", "Europe/London"),
        new(16, "Ghat Textiles", "Asia/Kolkata"),
        new(17, "Delta Cotton", "Africa/Cairo"),
        new(18, "Vedado Cigars", "America/Havana"),
        new(19, "Patan Paper", "Asia/Kathmandu"),
        new(20, "Lagoon Lodge", "Australia/Lord_Howe"),
    ];
}
