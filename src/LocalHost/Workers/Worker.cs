using System.ComponentModel;
using System.Diagnostics;
using LocalHost.Protocol;
using Microsoft.Extensions.Logging;

namespace LocalHost.Workers;

/// <summary>A worker: its process, which ends with this host however that ends (<see cref="StartupHook"/>), and the conversation with it.</summary>
internal sealed class Worker : IDisposable
{
    private const string Unhandled = "Unhandled exception. ";
    private readonly Process _process;
    private string? _reason;

    private Worker(Process process, WorkerChannel channel, ILogger console)
    {
        (_process, Channel) = (process, channel);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text) Log.WorkerOutput(console, text);
        };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not { } text) return;
            Log.WorkerError(console, text);
            if (text.StartsWith(Unhandled, StringComparison.Ordinal)) _reason = text[Unhandled.Length..];
            else _reason ??= text;
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Ended = EndAsync();
    }

    public int ProcessId => _process.Id;

    public WorkerChannel Channel { get; }

    /// <summary>Completes with how it ended, after its output has been read and everything that waited for it has failed.</summary>
    public Task<string> Ended { get; }

    /// <summary>The functions that it has loaded.</summary>
    public IReadOnlyList<FunctionMetadata> Functions { get; private set; } = [];

    /// <summary>Starts one and waits until it has loaded its functions.</summary>
    /// <exception cref="HostException">It cannot; the message says why.</exception>
    public static async Task<Worker> StartAsync(
        HostSettings settings, WorkerGateway gateway, Uri address, IReadOnlyList<FunctionMetadata>? known, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString();
        var channel = new WorkerChannel(loggers);
        gateway.Expect(id, channel);
        Worker? worker = null;
        try
        {
            worker = new Worker(StartProcess(settings, id, address), channel, loggers.CreateLogger("Worker"));
            worker.Functions = await channel.InitializeAsync(settings.AppDirectory, known, cancellationToken);
            return worker;
        }
        catch when (worker is not null)
        {
            worker.Kill();
            await worker.Ended;
            worker.Dispose();
            throw;
        }
        finally
        {
            gateway.Forget(id);
        }
    }

    public void Kill()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
    }

    /// <summary>Asks it to end, and makes it end when <paramref name="grace"/> is over.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        Channel.Terminate(grace);
        if (await Task.WhenAny(Ended, Task.Delay(grace)) != Ended) Kill();
        await Ended;
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private static Process StartProcess(HostSettings settings, string workerId, Uri address)
    {
        var start = new ProcessStartInfo(settings.WorkerExecutable,
        [
            settings.WorkerPath,
            "--functions-uri", address.ToString(), "--functions-worker-id", workerId, "--functions-request-id", workerId, "--functions-grpc-max-message-length", "2147483647",
        ])
        {
            WorkingDirectory = settings.AppDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (OperatingSystem.IsWindows()) start.CreateNewProcessGroup = true;
        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = settings.AppDirectory;
        start.Environment["FUNCTIONS_WORKER_DIRECTORY"] = settings.AppDirectory;
        start.Environment["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        start.Environment.TryAdd("AZURE_FUNCTIONS_ENVIRONMENT", "Development");
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new HostException($"The worker cannot be started: {settings.WorkerExecutable}: {exception.Message}.", exception);
        }
    }

    private async Task<string> EndAsync()
    {
        await _process.WaitForExitAsync();
        var ending = $"The worker ended with exit code {_process.ExitCode}{(_reason is null ? "." : $": {_reason}")}";
        Channel.Fail(new HostException(ending));
        return ending;
    }
}
