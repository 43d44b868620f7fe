using System.Diagnostics;
using System.Reflection;
using LocalServices;

namespace Tally.Benchmarks.Hosts;

/// <summary>The built function app on a LocalHost, in processes of their own.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);

    private readonly Process _process;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _lastLine = "";

    private HostProcess(Process process)
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
        }
    }

    public static HostProcess Start(string database, string storage)
    {
        var start = new ProcessStartInfo("dotnet", [PathOf("LocalHost"), Path.GetDirectoryName(PathOf("Tally.Functions"))!])
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
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return new HostProcess(new Process { StartInfo = start });
    }

    /// <summary>Returns once its triggers run.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(_started.Task, _process.WaitForExitAsync(cancellationToken)).WaitAsync(StartLimit, cancellationToken);
        if (_process.HasExited) throw new InvalidOperationException($"The host ended: {_lastLine}");
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
}
