using System.Diagnostics;

namespace LocalServices;

/// <summary>The Node.js that runs npm, the keeper and Azurite.</summary>
/// <param name="Executable">Full path of node.</param>
/// <param name="Platform">Node's name of what it runs on, for example <c>linux-x64</c>; npm picks binaries by it.</param>
internal sealed record NodeRuntime(string Executable, string Platform)
{
    private const int OldestMajor = 20;
    private const string Remedy = "Install Node.js 20 or newer (https://nodejs.org) and try again.";

    /// <summary>The node at <paramref name="nodePath"/>, or else the first in the folders of <paramref name="searchPath"/>.</summary>
    /// <exception cref="LocalServersException">There is none, it does not run, or it is too old.</exception>
    public static async Task<NodeRuntime> FindAsync(string? nodePath, string? searchPath, CancellationToken cancellationToken)
    {
        var executable = Locate(nodePath, searchPath);
        var output = await AskAsync(executable, cancellationToken);

        // For example "20.20.2 linux-x64".
        if (output.Split([' ', '.']) is not [var major, _, .., var platform] || !int.TryParse(major, out var number))
            throw new LocalServersException($"{executable} does not answer like Node.js. {Remedy}");
        if (number < OldestMajor)
            throw new LocalServersException($"{executable} is Node.js {output.Split(' ')[0]}, which is too old for the local servers. {Remedy}");
        return new NodeRuntime(executable, platform);
    }

    private static string Locate(string? nodePath, string? searchPath)
    {
        if (nodePath is not null)
            return File.Exists(nodePath) ? Path.GetFullPath(nodePath) : throw new LocalServersException($"The local servers need Node.js, and there is none at {nodePath}. {Remedy}");

        var name = OperatingSystem.IsWindows() ? "node.exe" : "node";
        var folders = (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new LocalServersException($"The local servers need Node.js, and it is not on the PATH. {Remedy}");
    }

    private static async Task<string> AskAsync(string executable, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(executable, ["-p", "process.versions.node + ' ' + process.platform + '-' + process.arch"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            var result = await Command.RunAsync(start, TimeSpan.FromSeconds(30), cancellationToken);
            return result.ExitCode == 0 ? result.Output.Trim() : "";
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new LocalServersException($"{executable} cannot be run: {exception.Message}. {Remedy}", exception);
        }
    }
}
