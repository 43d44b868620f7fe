using System.Collections.Concurrent;
using System.Diagnostics;

namespace Tally.Tests.EndToEnd;

/// <summary>The function app as a process of its own, which can be killed.</summary>
internal sealed class FunctionAppProcess : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private FunctionAppProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool IsRunning => !_process.HasExited;

    /// <summary>What it wrote last, for a failure's message.</summary>
    public string LastOutput => string.Join(Environment.NewLine, _output.TakeLast(20));

    public static FunctionAppProcess Start(string database, string storage)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(dotnet, [Path.Combine(AppContext.BaseDirectory, "Tally.Functions.dll")]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in FunctionAppSettings.For(database, storage)) start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        return new FunctionAppProcess(Process.Start(start)!);
    }

    /// <summary>SIGKILL: it gets no chance to finish anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (IsRunning) _process.Kill();
        _process.Dispose();
    }
}
