using System.Diagnostics;
using System.Globalization;

namespace LocalServices;

/// <summary>A process for all time: its id, which systems use again, and when it started.</summary>
/// <param name="ProcessId">The process id.</param>
/// <param name="Started">When it started, in a form that compares exactly on this machine.</param>
internal sealed record ProcessIdentity(int ProcessId, string Started)
{
    /// <summary>The process that has this id now; null when there is none.</summary>
    public static ProcessIdentity? Of(int processId)
    {
        var started = OperatingSystem.IsLinux() ? StartedOnLinux(processId) : StartedElsewhere(processId);
        return started is null ? null : new ProcessIdentity(processId, started);
    }

    /// <summary>Whether this very process still runs.</summary>
    public bool IsAlive => Of(ProcessId) == this;

    /// <summary>Reads what <see cref="Save"/> wrote; null when there is nothing readable.</summary>
    public static ProcessIdentity? Load(string path)
    {
        try
        {
            return File.ReadAllLines(path) is [var id, var started] && int.TryParse(id, CultureInfo.InvariantCulture, out var processId)
                ? new ProcessIdentity(processId, started)
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Writes it to <paramref name="path"/>.</summary>
    public void Save(string path) => PrivateFile.Write(path, string.Create(CultureInfo.InvariantCulture, $"{ProcessId}\n{Started}\n"));

    // Clock ticks since the boot, and which boot: exact, where Process.StartTime moves with the clock.
    private static string? StartedOnLinux(int processId)
    {
        try
        {
            // "id (name) state ... starttime ...": the name may hold anything, so count from its end.
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}/{fields[19]}";
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string? StartedElsewhere(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.StartTime.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
