using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.Timers;

/// <summary>Keeps a timer's status in a JSON file, so that the next process knows what it missed.</summary>
internal sealed class TimerStatusFile(string path, ILogger logger)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>The recorded status; null when there is none, or none that can be read.</summary>
    public TimerStatus? Read()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<TimerStatus>(File.ReadAllBytes(path)) : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            Log.TimerStatusUnreadable(logger, exception, path);
            return null;
        }
    }

    /// <summary>Records the status. A failure is logged: the schedule goes on, only its memory suffers.</summary>
    public void Write(TimerStatus status)
    {
        try
        {
            // Written beside and moved, so that a kill leaves the old status or the new one and never half of it.
            var temporary = path + ".new";
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(status, Json));
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.TimerStatusNotWritten(logger, exception, path);
        }
    }
}
