using System.Diagnostics;
using LocalServices;

namespace Tally.Tests.Deployment;

/// <summary>Runs a script where each program that it calls is a fake that writes down its arguments.</summary>
internal sealed class ScriptSandbox : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private readonly string _folder = Directory.CreateTempSubdirectory("tally-script-").FullName;

    public ScriptSandbox() => Directory.CreateDirectory(Path.Combine(_folder, "bin"));

    /// <summary>Where the script runs.</summary>
    public string Folder => _folder;

    /// <summary>The calls of the fakes: name, settings for the database, arguments.</summary>
    public IReadOnlyList<string> Calls => File.Exists(Path.Combine(_folder, "calls")) ? File.ReadAllLines(Path.Combine(_folder, "calls")) : [];

    /// <summary>Puts a fake on the PATH, which then runs <paramref name="body"/>.</summary>
    public void Fake(string name, string body = "exit 0")
    {
        var path = Path.Combine(_folder, "bin", name);
        File.WriteAllText(path, $"#!/bin/sh\necho \"{name} $*\" >> '{Path.Combine(_folder, "calls")}'\n[ -z \"${{ConnectionStrings__Tally:-}}\" ] || echo \"  as $ConnectionStrings__Tally identity=$Database__Identity\" >> '{Path.Combine(_folder, "calls")}'\n{body}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Runs <c>sh</c> or <c>bash</c> with these arguments.</summary>
    public Task<(int ExitCode, string Output)> RunAsync(string shell, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(shell, arguments) { WorkingDirectory = _folder };
        start.Environment["PATH"] = Path.Combine(_folder, "bin") + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        foreach (var name in new[] { "ConnectionStrings__Tally", "Database__Identity" }) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Command.RunAsync(start, Limit, CancellationToken.None);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
