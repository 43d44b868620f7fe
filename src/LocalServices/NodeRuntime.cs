using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LocalServices;

/// <summary>The Node.js that runs npm, the keeper and Azurite.</summary>
/// <param name="Executable">Full path of node.</param>
/// <param name="Platform">Node's name of what it runs on, for example <c>linux-x64</c>; npm picks binaries by it.</param>
internal sealed partial record NodeRuntime(string Executable, string Platform)
{
    private const int OldestMajor = 20;
    private const string Remedy = "Install Node.js 20 or newer (https://nodejs.org) and try again.";

    // execPath: what is on the PATH may be a version manager's shim.
    private const string Question = "'node ' + process.versions.node + ' ' + process.platform + '-' + process.arch + ' ' + process.execPath";
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    /// <summary>The node at <paramref name="nodePath"/>, or else the first in the folders of <paramref name="searchPath"/>.</summary>
    /// <exception cref="LocalServersException">There is none, it does not run, or it is too old.</exception>
    public static async Task<NodeRuntime> FindAsync(string? nodePath, string? searchPath, CancellationToken cancellationToken)
    {
        var found = Locate(nodePath, searchPath);
        var answer = Answer().Match(await AskAsync(found, cancellationToken));
        if (!answer.Success)
            throw new LocalServersException($"{found} does not answer like Node.js. {Remedy}");
        if (int.Parse(answer.Groups["major"].Value, CultureInfo.InvariantCulture) < OldestMajor)
            throw new LocalServersException($"{found} is Node.js {answer.Groups["version"]}, which is too old for the local servers. {Remedy}");
        return new NodeRuntime(answer.Groups["path"].Value, answer.Groups["platform"].Value);
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
        try
        {
            var (_, output) = await Command.RunAsync(new ProcessStartInfo(executable, ["-p", Question]), AnswerLimit, cancellationToken);
            return output;
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or TimeoutException)
        {
            throw new LocalServersException($"{executable} cannot be run: {exception.Message} {Remedy}", exception);
        }
    }

    [GeneratedRegex(@"^node (?<version>(?<major>\d+)\.\S+) (?<platform>\S+) (?<path>.+?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Answer();
}
