using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using LocalServices;

namespace Tally.Benchmarks.Hosts;

/// <summary>The built function app on a LocalHost, in processes of their own.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);

    private readonly Process _process;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _lastLine = "";
    private int _worker;

    private HostProcess(Process process, Action<string>? log)
    {
        _process = process;
        process.OutputDataReceived += Read;
        process.ErrorDataReceived += Read;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        void Read(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null) return;
            _lastLine = line.Data;
            if (line.Data.Contains("Host started", StringComparison.Ordinal)) _started.TrySetResult();
            if (WorkerStarted().Match(line.Data) is { Success: true } match) _worker = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            else if (line.Data.Contains("The next one starts in", StringComparison.Ordinal)) _worker = 0;
            log?.Invoke(line.Data);
        }
    }

    /// <summary>Whether its triggers run, or have run.</summary>
    public bool HasStarted => _started.Task.IsCompleted;

    public bool HasExited => _process.HasExited;

    /// <summary>What it wrote last.</summary>
    public string LastLine => _lastLine;

    /// <param name="database">Connection string.</param>
    /// <param name="storage">Connection string.</param>
    /// <param name="more">Environment variables that come before those of every host.</param>
    /// <param name="log">Told each line that host and worker write.</param>
    public static HostProcess Start(string database, string storage, IReadOnlyDictionary<string, string>? more = null, Action<string>? log = null)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(dotnet, [PathOf("LocalHost"), Path.GetDirectoryName(PathOf("Tally.Functions"))!])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Schedules.Defaults) start.Environment[name] = value;
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__Tally"] = database,
            ["AzureWebJobsStorage"] = storage,
            ["TallyQueues"] = storage,
            ["LocalHost__HostId"] = "tally",
            ["LocalHost__AdminPort"] = "0",
            ["LocalHost__StopAtEndOfInput"] = "true",
            ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.1",
            ["AzureFunctionsJobHost__logging__logLevel__default"] = "Information",
        };
        foreach (var (name, value) in settings.Concat(more ?? new Dictionary<string, string>())) start.Environment[name] = value;
        return new HostProcess(new Process { StartInfo = start }, log);
    }

    /// <summary>Returns once its triggers run.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(_started.Task, _process.WaitForExitAsync(cancellationToken)).WaitAsync(StartLimit, cancellationToken);
        if (_process.HasExited) throw new InvalidOperationException($"The host ended: {_lastLine}");
    }

    /// <summary>SIGKILL for the host, whose worker ends with it.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>SIGKILL for the worker that runs now. Returns whether there was one.</summary>
    public bool KillWorker()
    {
        try
        {
            if (_worker == 0) return false;
            using var worker = Process.GetProcessById(_worker);
            worker.Kill();
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(StopLimit);
        }
        catch (Exception exception) when (exception is IOException or TimeoutException)
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static string PathOf(string assembly) => Path.GetFullPath(
        typeof(HostProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == assembly).Value!, CheckoutDirectory.Find());

    [GeneratedRegex(@"The worker runs as process (\d+)")]
    private static partial Regex WorkerStarted();
}
