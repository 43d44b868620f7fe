using System.Globalization;

namespace Tally.Cli.Shell;

/// <summary>Numbers in sentences.</summary>
internal static class Words
{
    /// <summary><c>1 day</c>, <c>2 days</c>.</summary>
    public static string Count(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
