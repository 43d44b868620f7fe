using System.Runtime.InteropServices;
using Tally.Benchmarks.Hosts;

namespace Tally.Campaign.Servers;

/// <summary>The function app on several hosts, which share the queues. One that ends is replaced.</summary>
internal sealed class Hosts : IAsyncDisposable
{
    /// <summary>How far the clock of the last host is ahead.</summary>
    public const int SecondsAhead = 90;

    private readonly string _database;
    private readonly string _storage;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly HostProcess[] _hosts;
    private readonly StreamWriter _log;
    private readonly Lock _writing = new();
    private readonly SemaphoreSlim _changing = new(1);

    public Hosts(int count, string database, string storage, IReadOnlyDictionary<string, string> settings, string logFile)
    {
        (_database, _storage, _settings) = (database, storage, settings);
        _log = new StreamWriter(logFile);
        _hosts = new HostProcess[count];
        for (var index = 0; index < count; index++) _hosts[index] = Start(index);
    }

    public int Count => _hosts.Length;

    /// <summary>Hosts that ended though nobody killed them.</summary>
    public int EndedByThemselves { get; private set; }

    /// <summary>Where libfaketime is, which moves the clock of a process; null if it is not installed.</summary>
    public static string? ClockMover { get; } = new[] { $"/usr/lib/{Triplet}-linux-gnu/faketime/libfaketime.so.1", "/usr/local/lib/faketime/libfaketime.so.1" }.FirstOrDefault(File.Exists);

    public Task StartedAsync(CancellationToken cancellationToken) => Task.WhenAll(_hosts.Select(host => host.StartedAsync(cancellationToken)));

    /// <summary>Kills a host, and starts it again.</summary>
    public async Task KillHostAsync(int index)
    {
        await _changing.WaitAsync();
        await _hosts[index].KillAsync();
        _hosts[index] = Start(index);
        _changing.Release();
    }

    /// <summary>Kills the worker of a host, which replaces it. Returns whether one ran.</summary>
    public bool KillWorker(int index) => _hosts[index].KillWorker();

    /// <summary>Starts again those that ended by themselves, which none should.</summary>
    public async Task ReplaceAsync()
    {
        await _changing.WaitAsync();
        for (var index = 0; index < _hosts.Length; index++)
        {
            if (!_hosts[index].HasExited) continue;
            EndedByThemselves++;
            _hosts[index] = Start(index);
        }

        _changing.Release();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_hosts.Select(host => host.DisposeAsync().AsTask()));
        await _log.DisposeAsync();
        _changing.Dispose();
    }

    private static string Triplet => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64";

    private HostProcess Start(int index)
    {
        var settings = new Dictionary<string, string>(_settings);
        if (index == _hosts.Length - 1 && ClockMover is { } library)
        {
            settings["LD_PRELOAD"] = library;
            settings["FAKETIME"] = $"+{SecondsAhead}s";
            settings["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        }

        return HostProcess.Start(_database, _storage, settings, line => Write(index, line));
    }

    private void Write(int index, string line)
    {
        lock (_writing)
        {
            if (_log.BaseStream is { CanWrite: true }) _log.WriteLine($"{index} {line}");
        }
    }
}
