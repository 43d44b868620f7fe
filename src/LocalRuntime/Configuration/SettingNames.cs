using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace LocalRuntime.Configuration;

/// <summary>Replaces <c>%Setting%</c> by the setting's value.</summary>
internal static partial class SettingNames
{
    /// <exception cref="FormatException">A setting is missing or empty; the message names it.</exception>
    public static string Resolve(string text, IConfiguration configuration) => Reference().Replace(text, match =>
    {
        var name = match.Groups["name"].Value;
        return configuration[name.Replace("__", ":", StringComparison.Ordinal)] is { Length: > 0 } value
            ? value
            : throw new FormatException($"setting {name}, which '{text}' refers to, is missing");
    });

    [GeneratedRegex("%(?<name>[^%]+)%", RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();
}
