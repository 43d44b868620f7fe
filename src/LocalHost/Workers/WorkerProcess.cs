using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace LocalHost.Workers;

/// <summary>A worker's process. It ends with this host, however that ends: see <see cref="StartupHook"/>.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private const int LastLines = 200;
    private const string Unhandled = "Unhandled exception. ";
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _errors = new();

    private WorkerProcess(Process process, ILogger console)
    {
        _process = process;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text) Log.WorkerOutput(console, text);
        };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not { } text) return;
            Log.WorkerError(console, text);
            _errors.Enqueue(text);
            if (_errors.Count > LastLines) _errors.TryDequeue(out string? _);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Ended = process.WaitForExitAsync();
    }

    public int Id => _process.Id;

    /// <summary>Completes when it has ended and all its output has been read.</summary>
    public Task Ended { get; }

    /// <summary>How it ended, with the reason if it gave one.</summary>
    public string Ending
    {
        get
        {
            var code = $"exit code {_process.ExitCode}";
            var lines = _errors.ToArray();
            var reason = lines.LastOrDefault(line => line.StartsWith(Unhandled, StringComparison.Ordinal))?[Unhandled.Length..] ?? lines.FirstOrDefault();
            return reason is null ? code : $"{code}: {reason}";
        }
    }

    /// <exception cref="StartupException">The system cannot start it.</exception>
    public static WorkerProcess Start(WorkerProgram program, string workerId, Uri address, ILogger console)
    {
        var port = address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var request = Guid.NewGuid().ToString();
        // The worker of today reads the longer names, an older one the shorter.
        var start = new ProcessStartInfo(program.Executable,
        [
            program.Path,
            "--host", address.Host, "--port", port, "--workerId", workerId, "--requestId", request, "--grpcMaxMessageLength", "2147483647",
            "--functions-uri", address.ToString(), "--functions-worker-id", workerId, "--functions-request-id", request, "--functions-grpc-max-message-length", "2147483647",
        ])
        {
            WorkingDirectory = program.Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (OperatingSystem.IsWindows()) start.CreateNewProcessGroup = true;
        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = program.Directory;
        start.Environment["FUNCTIONS_WORKER_DIRECTORY"] = program.Directory;
        start.Environment["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        start.Environment.TryAdd("AZURE_FUNCTIONS_ENVIRONMENT", "Development");
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        try
        {
            return new WorkerProcess(Process.Start(start)!, console);
        }
        catch (Win32Exception exception)
        {
            throw new StartupException($"The worker cannot be started: {program.Executable}: {exception.Message}.", exception);
        }
    }

    public void Kill()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }
}
