using System.Globalization;
using System.Text.Json;

namespace Tally.Scheduling;

/// <summary>The Functions host's limit on one invocation, <c>functionTimeout</c> in host.json.</summary>
internal static class FunctionTimeout
{
    /// <summary>What the host assumes when host.json is silent, on every plan but Consumption.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromMinutes(30);

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads the limit from a host.json; a missing file or property gives <see cref="Default"/>.</summary>
    /// <exception cref="InvalidDataException">The file is no JSON, or the value is no time span; the message names the file.</exception>
    public static TimeBox Read(string hostJsonPath) =>
        new("functionTimeout of host.json", File.Exists(hostJsonPath) ? Parse(File.ReadAllText(hostJsonPath), hostJsonPath) : Default);

    /// <summary>The limit in the text of a host.json; "-1" is unbounded and gives <see cref="TimeSpan.MaxValue"/>.</summary>
    /// <exception cref="InvalidDataException">As for <see cref="Read"/>.</exception>
    internal static TimeSpan Parse(string hostJson, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(hostJson, Lenient);
            if (!document.RootElement.TryGetProperty("functionTimeout", out var value)) return Default;
            var text = value.ToString();
            if (text == "-1") return TimeSpan.MaxValue;
            return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var timeout) && timeout > TimeSpan.Zero
                ? timeout
                : throw new InvalidDataException($"functionTimeout in {path} is '{text}'. Expected hours, minutes and seconds such as 00:05:00, or -1 for no limit.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path} is not a JSON object: {exception.Message}", exception);
        }
    }
}
