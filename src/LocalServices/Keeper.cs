using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LocalServices;

/// <summary>
/// The child process (keeper.js) that runs the servers, and that stops them when this process ends in any way:
/// it reads a pipe which closes then.
/// </summary>
internal sealed class Keeper : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly Process _process;
    private readonly ConcurrentDictionary<string, KeptProcess> _kept = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Task _reading;
    private int _names;

    private Keeper(Process process)
    {
        _process = process;
        _reading = ReadAsync();
    }

    /// <summary>The keeper's own process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts it.</summary>
    /// <param name="node">What runs it.</param>
    /// <param name="removeAtEnd">Files and folders that it removes after the servers have ended.</param>
    public static Keeper Start(NodeRuntime node, IEnumerable<string> removeAtEnd)
    {
        var start = new ProcessStartInfo(node.Executable, [NpmPackages.Shipped("keeper.js"), .. removeAtEnd])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        // PostgreSQL's programs take defaults from variables of the user's own connections.
        foreach (var variable in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(variable);
        return new Keeper(Process.Start(start)!);
    }

    /// <summary>Has the keeper run a command.</summary>
    /// <exception cref="LocalServersException">The command could not be started.</exception>
    public async Task<KeptProcess> RunAsync(KeptCommand command, CancellationToken cancellationToken)
    {
        var name = $"{command.Name}-{Interlocked.Increment(ref _names)}";
        var process = _kept[name] = new KeptProcess(command);
        var line = JsonSerializer.Serialize(command with { Name = name }, Json);
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync(CancellationToken.None);
        }
        catch (IOException exception)
        {
            throw new LocalServersException($"{command.Name} could not be started: the process that keeps it has ended.", exception);
        }
        finally
        {
            _writing.Release();
        }

        await process.Started.WaitAsync(cancellationToken);
        return process;
    }

    /// <summary>Stops every server, removes what is to be removed, and ends.</summary>
    public async ValueTask DisposeAsync()
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
            await _process.WaitForExitAsync().WaitAsync(StopLimit);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _reading;
        _process.Dispose();
        _writing.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            var happened = JsonSerializer.Deserialize<KeeperEvent>(line, Json)!;
            if (_kept.TryGetValue(happened.Name, out var process)) process.On(happened);
        }

        foreach (var process in _kept.Values) process.On(new KeeperEvent("", Error: "the process that keeps it has ended"));
    }
}

/// <summary>What keeper.js says of a process; see there.</summary>
internal sealed record KeeperEvent(string Name, int? Pid = null, string? Error = null, int? Code = null, string? Signal = null);
