using System.Text.Json;

namespace Tally.Cli.Shell.Servers;

/// <summary>Reads local.settings.json: <c>Values</c> are settings, <c>ConnectionStrings</c> are settings below that name.</summary>
internal static class LocalSettings
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The settings, with <c>__</c> in names read as <c>:</c>; empty when there is no file.</summary>
    /// <exception cref="CommandException">The file cannot be read; the message says why and holds no value.</exception>
    public static IReadOnlyDictionary<string, string?> Load(string baseDirectory)
    {
        var path = Path.Combine(baseDirectory, "local.settings.json");
        if (!File.Exists(path)) return new Dictionary<string, string?>();

        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw new CommandException($"{path} must hold a JSON object.");
            if (root.TryGetProperty("IsEncrypted", out var encrypted) && encrypted.ValueKind == JsonValueKind.True)
                throw new CommandException($"{path} is encrypted. Decrypt it with 'func settings decrypt'.");

            foreach (var (name, value) in Members(root, "Values", path)) settings[name] = Scalar(value, name, path);
            foreach (var (name, value) in Members(root, "ConnectionStrings", path))
                settings[$"ConnectionStrings:{name}"] = Scalar(ConnectionString(value), name, path);
        }
        catch (JsonException exception)
        {
            throw new CommandException($"{path} is not valid JSON, line {exception.LineNumber + 1}.");
        }

        return settings;
    }

    private static IEnumerable<(string Name, JsonElement Value)> Members(JsonElement root, string section, string path)
    {
        if (!root.TryGetProperty(section, out var members)) return [];
        return members.ValueKind == JsonValueKind.Object
            ? members.EnumerateObject().Select(member => (member.Name.Replace("__", ":", StringComparison.Ordinal), member.Value))
            : throw new CommandException($"{section} of {path} must be a JSON object.");
    }

    // {"ConnectionString": "...", "ProviderName": "..."} is the older of the two forms that Core Tools take.
    private static JsonElement ConnectionString(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("ConnectionString", out var inner) ? inner : value;

    private static string? Scalar(JsonElement value, string name, string path) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null => null,
        JsonValueKind.True or JsonValueKind.False or JsonValueKind.Number => value.GetRawText(),
        _ => throw new CommandException($"{name} of {path} must be a text, a number or a truth value; nested settings are written as A__B."),
    };
}
