using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Tally.Cli.Up;
using Tally.Tests.Infrastructure;

namespace Tally.Tests.EndToEnd;

/// <summary>The built function app on a host of its own: two processes, either of which can be killed.</summary>
internal sealed partial class FunctionApp : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly Process _host;
    private readonly ConcurrentQueue<string> _log = new();

    private FunctionApp(Process host)
    {
        _host = host;
        host.OutputDataReceived += Keep;
        host.ErrorDataReceived += Keep;
        host.BeginOutputReadLine();
        host.BeginErrorReadLine();

        void Keep(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is not null) _log.Enqueue(line.Data);
        }
    }

    public bool IsRunning => !_host.HasExited;

    /// <summary>What host and worker wrote, line by line.</summary>
    public IReadOnlyCollection<string> Log => _log;

    /// <summary>What they wrote last, for a failure's message.</summary>
    public string LastOutput => string.Join(Environment.NewLine, _log.TakeLast(20));

    /// <summary>The workers that have run so far, the one that runs now last.</summary>
    public IReadOnlyList<int> Workers => [.. _log.Select(line => WorkerStarted().Match(line)).Where(match => match.Success).Select(match => int.Parse(match.Groups[1].Value, null))];

    /// <summary>Starts it, and returns at once.</summary>
    public static FunctionApp Start(string database, string storage) =>
        Start(BuiltProgram.PathOf("Tally.Functions"), Schedules.Defaults.Concat(FunctionAppSettings.For(database, storage).Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))));

    /// <summary>Starts a host for the app whose program is <paramref name="app"/>, and returns at once.</summary>
    public static FunctionApp Start(string app, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] command = [dotnet, BuiltProgram.PathOf("LocalHost"), Path.GetDirectoryName(app)!];
        // Where the tests run in the background, Ctrl-C or a closed terminal is ignored, and so it would be by what they start.
        if (OperatingSystem.IsLinux()) command = ["env", "--default-signal=INT,HUP", .. command];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings) start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        return new FunctionApp(Process.Start(start)!);
    }

    /// <summary>Returns once its triggers run.</summary>
    public async Task StartedAsync()
    {
        await Eventually.HoldsAsync(() => !IsRunning || _log.Any(line => line.Contains("Host started", StringComparison.Ordinal)), "the host has started");
        if (!IsRunning) throw new InvalidOperationException(LastOutput);
    }

    /// <summary>SIGKILL for the host: it gets no chance to finish anything.</summary>
    public async Task KillAsync()
    {
        _host.Kill();
        await _host.WaitForExitAsync();
    }

    /// <summary>SIGKILL for the worker that runs now.</summary>
    public void KillWorker()
    {
        using var worker = Process.GetProcessById(Workers[^1]);
        worker.Kill();
    }

    /// <summary>Ends its standard input, which stops it in order.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        _host.StandardInput.Close();
        await _host.WaitForExitAsync().WaitAsync(StopLimit);
        return _host.ExitCode;
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndedAsync()
    {
        await _host.WaitForExitAsync().WaitAsync(StopLimit);
        return _host.ExitCode;
    }

    /// <summary>Sends it a signal of Unix, by its name without SIG.</summary>
    public void Signal(string name) => Process.Start("kill", [$"-{name}", $"{_host.Id}"]).WaitForExit();

    /// <summary>Waits for a line that holds <paramref name="text"/>.</summary>
    public async Task LoggedAsync(string text, int times = 1)
    {
        try
        {
            await Eventually.HoldsAsync(() => _log.Count(line => line.Contains(text, StringComparison.Ordinal)) >= times, $"'{text}' is logged {times} times");
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message}{Environment.NewLine}{LastOutput}", exception);
        }
    }

    /// <summary>Stops it in order.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _host.StandardInput.Close();
            await _host.WaitForExitAsync().WaitAsync(StopLimit);
        }
        catch (IOException)
        {
            // It has ended.
        }
        finally
        {
            if (IsRunning) _host.Kill();
            _host.Dispose();
        }
    }

    [GeneratedRegex(@"The worker runs as process (\d+)")]
    private static partial Regex WorkerStarted();
}
