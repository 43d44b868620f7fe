using LocalRuntime.Configuration;
using LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LocalRuntime.Timers;

/// <summary>Where the timers keep their files.</summary>
internal sealed class TimerState(IOptions<LocalRuntimeOptions> options, ILoggerFactory loggers)
{
    private readonly string _directory = Path.Combine(options.Value.StateDirectory, "timers");

    public TimerStatusFile StatusFile(string functionName) =>
        new(Path.Combine(_directory, $"{functionName}.json"), loggers.CreateLogger<TimerStatusFile>());

    public string LockPath(string functionName) => Path.Combine(_directory, $"{functionName}.lock");

    /// <exception cref="StartupException">The directory cannot be made; the message names the setting.</exception>
    public void EnsureExists()
    {
        try
        {
            Directory.CreateDirectory(_directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"Timers cannot keep their state in {_directory}: {exception.Message} Set {LocalRuntimeOptions.SectionName}:StateDirectory to a directory that can be written.");
        }
    }
}
