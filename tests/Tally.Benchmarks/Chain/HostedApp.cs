using System.Diagnostics;
using System.Reflection;
using LocalServices;

namespace Tally.Benchmarks.Chain;

/// <summary>A function app on a host of its own, in two processes.</summary>
internal sealed class HostedApp : IAsyncDisposable
{
    private readonly Process _host;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostedApp(Process host) => _host = host;

    public static HostedApp Start(string program, string storage, string database)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(dotnet, [PathOf("LocalHost"), Path.GetDirectoryName(PathOf(program))!]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in Schedules.Defaults) start.Environment[name] = value;
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["ConnectionStrings__Tally"] = database,
            ["AzureWebJobsStorage"] = storage,
            ["TallyQueues"] = storage,
            ["AzureWebJobsOrders"] = storage,
            ["TextQueue"] = "text-in",
            ["TickSchedule"] = "0 0 0 1 1 *",
            ["LocalHost__HostId"] = program.Replace(".", "-", StringComparison.Ordinal).ToLowerInvariant(),
            ["LocalHost__AdminPort"] = "0",
            ["LocalHost__StopAtEndOfInput"] = "true",
            ["AzureFunctionsJobHost__extensions__queues__batchSize"] = "16",
            ["AzureFunctionsJobHost__extensions__queues__newBatchThreshold"] = "16",
            ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.1",
            ["AzureFunctionsJobHost__logging__logLevel__Function"] = "Warning",
        }) start.Environment[name] = value;

        var app = new HostedApp(Process.Start(start)!);
        app._host.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null) app._started.TrySetException(new InvalidOperationException($"The host of {program} ended before it had started."));
            else if (line.Data.Contains("Host started", StringComparison.Ordinal)) app._started.TrySetResult();
        };
        app._host.BeginOutputReadLine();
        return app;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => _started.Task.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _host.StandardInput.Close();
        await _host.WaitForExitAsync();
        _host.Dispose();
    }

    // As Directory.Build.targets wrote it.
    private static string PathOf(string program) => Path.GetFullPath(
        typeof(HostedApp).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == program).Value!, CheckoutDirectory.Find());
}
