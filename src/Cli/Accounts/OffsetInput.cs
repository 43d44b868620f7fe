using System.Globalization;
using System.Text.RegularExpressions;
using NodaTime;

namespace Tally.Cli.Accounts;

/// <summary>An offset from UTC as people type it: <c>+5:30</c>, <c>-8</c>, <c>0</c>.</summary>
internal static partial class OffsetInput
{
    private static readonly Offset East = Offset.FromHours(14);
    private static readonly Offset West = Offset.FromHours(-12);

    /// <summary>False for anything else, and beyond the offsets that exist: 12 hours west to 14 hours east.</summary>
    public static bool TryParse(string text, out Offset offset)
    {
        offset = default;
        var match = Grammar().Match(text);
        if (!match.Success) return false;

        var hours = int.Parse(match.Groups["hours"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        var minutes = match.Groups["minutes"] is { Success: true } group ? int.Parse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        if (hours > 14 || minutes > 59) return false;

        // The sign holds for the minutes too: -0:30 is half an hour west.
        var seconds = (hours * 3_600) + (minutes * 60);
        offset = Offset.FromSeconds(match.Groups["sign"].Value == "-" ? -seconds : seconds);
        return offset <= East && offset >= West;
    }

    [GeneratedRegex(@"^(?<sign>[+-])?(?<hours>[0-9]{1,2})(:(?<minutes>[0-9]{2}))?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Grammar();
}
