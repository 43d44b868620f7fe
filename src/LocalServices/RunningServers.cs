using System.Text.Json;

namespace LocalServices;

/// <summary>
/// Servers that a process has started and lends to other programs of the same checkout, by a file that only the owner may read.
/// The offer ends with its process.
/// </summary>
public sealed class RunningServers
{
    private const string FileName = "running.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>For Npgsql, with the password.</summary>
    public required string PostgresConnectionString { get; init; }

    /// <summary>For a queue client.</summary>
    public required string StorageConnectionString { get; init; }

    /// <summary>Address of the function app's admin endpoint, if it has one.</summary>
    public string? AdminUrl { get; init; }

    /// <summary>The process that keeps them running.</summary>
    public int ProcessId { get; init; } = Environment.ProcessId;

    /// <summary>Tells the process from a later one with the same id.</summary>
    public string? ProcessStarted { get; init; } = ProcessIdentity.Of(Environment.ProcessId)?.Started;

    /// <summary>Offers <paramref name="servers"/> in <paramref name="directory"/>, until the returned object is disposed or the process ends.</summary>
    public static IDisposable Publish(string directory, RunningServers servers)
    {
        ArgumentNullException.ThrowIfNull(servers);
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, FileName);
        PrivateFile.Write(path, JsonSerializer.Serialize(servers, Json));
        return new Publication(path, servers);
    }

    /// <summary>What a living process offers in <paramref name="directory"/>; null when none does. An offer left by a dead process is removed.</summary>
    public static RunningServers? TryRead(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (Read(path) is not { } servers) return null;
        if (servers.IsAlive) return servers;
        File.Delete(path);
        return null;
    }

    private bool IsAlive => ProcessStarted is not null && new ProcessIdentity(ProcessId, ProcessStarted).IsAlive;

    private static RunningServers? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunningServers>(File.ReadAllText(path), Json);
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    private sealed class Publication(string path, RunningServers servers) : IDisposable
    {
        public void Dispose()
        {
            // Another process may have taken over since.
            if (Read(path) is { } current && current.ProcessId == servers.ProcessId && current.ProcessStarted == servers.ProcessStarted)
                File.Delete(path);
        }
    }
}
