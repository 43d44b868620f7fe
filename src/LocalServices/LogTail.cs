namespace LocalServices;

/// <summary>The end of a server's log, for messages.</summary>
internal static class LogTail
{
    private const int Lines = 8;

    /// <summary>The whole log so far; empty when there is none.</summary>
    public static string ReadAll(string path)
    {
        try
        {
            // The server has it open for writing.
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>A sentence with the last lines of the log at <paramref name="path"/>.</summary>
    public static string Quote(string path)
    {
        var lines = ReadAll(path).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0
            ? $"Its log {path} is empty."
            : $"The last lines of {path}:{Environment.NewLine}{Quote(lines)}";
    }

    /// <summary>The last of <paramref name="lines"/>, indented.</summary>
    public static string Quote(IReadOnlyCollection<string> lines) =>
        string.Join(Environment.NewLine, lines.TakeLast(Lines).Select(line => "  " + line));
}
