using System.Diagnostics;

namespace Tally.Browser;

/// <summary>Where the Chromium is that tests drive: that of <c>CHROMIUM</c>, of the machine, or of npm's <c>@sparticuz/chromium</c>.</summary>
internal static class Chromium
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "chrome"];

    /// <summary>Its path; null if there is none.</summary>
    public static string? Path { get; } =
        Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } path ? path : OfMachine() ?? OfNpm();

    private static string? OfMachine() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
        .SelectMany(folder => Names.Select(name => System.IO.Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>The package holds it packed, and unpacks it when it is asked for its path.</summary>
    private static string? OfNpm()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!Directory.Exists(System.IO.Path.Combine(folder.FullName, "node_modules", "@sparticuz", "chromium"))) continue;
            var start = new ProcessStartInfo("node") { WorkingDirectory = folder.FullName, RedirectStandardOutput = true };
            foreach (var argument in (string[])["--input-type=module", "--eval", "import chromium from '@sparticuz/chromium'; process.stdout.write(await chromium.executablePath())"]) start.ArgumentList.Add(argument);
            using var node = Process.Start(start)!;
            var path = node.StandardOutput.ReadToEnd();
            node.WaitForExit();
            return node.ExitCode == 0 && File.Exists(path) ? path : null;
        }

        return null;
    }
}
