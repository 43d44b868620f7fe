using System.Diagnostics;
using Tally.Cli.Shell;

namespace Tally.Cli.Up;

/// <summary>
/// The function app on a LocalHost, in processes of their own. It stops on <see cref="StopAsync"/>, and by itself when this process ends in any
/// other way, since its standard input ends then.
/// </summary>
internal sealed class FunctionApp : IAsyncDisposable
{
    // The host's own grace for running functions, and some.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);

    private readonly Process _process;

    private FunctionApp(Process process)
    {
        _process = process;
        Ended = EndedAsync();
    }

    /// <summary>Its exit code, once it has ended.</summary>
    public Task<int> Ended { get; }

    /// <summary>Starts it with the terminal's environment and <paramref name="settings"/> over it.</summary>
    /// <param name="terminal">The environment.</param>
    /// <param name="settings">Settings by their names, such as <c>ConnectionStrings:Tally</c>.</param>
    /// <param name="log">Receives each line that it writes, from any thread.</param>
    public static FunctionApp Start(Terminal terminal, IEnumerable<KeyValuePair<string, string>> settings, Action<string> log)
    {
        var app = BuiltProgram.PathOf("Tally.Functions");
        var start = new ProcessStartInfo(DotNet(terminal), [BuiltProgram.PathOf("LocalHost"), Path.GetDirectoryName(app)!])
        {
            WorkingDirectory = Path.GetDirectoryName(app),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in terminal.Environment) start.Environment[name] = value;
        // The host resolves the timers' schedules, and knows no default.
        foreach (var (name, value) in Schedules.Defaults) start.Environment.TryAdd(name, value);
        foreach (var (name, value) in settings) start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        start.Environment["LocalHost__HostId"] = "tally";
        start.Environment["LocalHost__StopAtEndOfInput"] = "true";

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += Forward;
        process.ErrorDataReceived += Forward;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new FunctionApp(process);

        void Forward(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is not null) log(line.Data);
        }
    }

    /// <summary>Has it finish or give back what it works on, and waits for its end.</summary>
    public async Task StopAsync()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended by itself.
        }

        try
        {
            await Ended.WaitAsync(StopLimit);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await Ended;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    private async Task<int> EndedAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    // The program that runs this one; the tests' host is another.
    private static string DotNet(Terminal terminal) =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath!
        : terminal.Environment.TryGetValue("DOTNET_HOST_PATH", out var path) && path.Length > 0 ? path
        : "dotnet";
}
