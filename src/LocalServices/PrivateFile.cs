namespace LocalServices;

/// <summary>Small files that only their owner may read.</summary>
internal static class PrivateFile
{
    /// <summary>Replaces the file at once: a reader sees the old text or the new, whole.</summary>
    public static void Write(string path, string text)
    {
        var unfinished = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        // Windows: the folder's own access list, which a profile keeps private.
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(unfinished, options)) writer.Write(text);
        File.Move(unfinished, path, overwrite: true);
    }
}
