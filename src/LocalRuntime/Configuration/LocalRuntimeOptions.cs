namespace LocalRuntime.Configuration;

/// <summary>What only LocalRuntime has: section <c>LocalRuntime</c> of the app's settings. The defaults are the Functions host's fixed numbers.</summary>
public sealed class LocalRuntimeOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "LocalRuntime";

    /// <summary>
    /// How long a received message stays hidden, renewed at half of it while its function runs. After a killed process the
    /// message comes back when this is over. 1 second to 7 days.
    /// </summary>
    public TimeSpan InvisibilityTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The port of the admin endpoint on 127.0.0.1; 0 picks a free one.</summary>
    public int AdminPort { get; set; } = 7071;

    /// <summary>How long a stopping host waits for running functions, after it cancelled their tokens.</summary>
    public TimeSpan ShutdownGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the app stops when its standard input ends, so that it does not outlive the process that started it.</summary>
    public bool StopAtEndOfInput { get; set; }

    /// <summary>Where the progress of timers is kept. By default <c>.local</c> beside the app.</summary>
    public string StateDirectory { get; set; } = Path.Combine(AppContext.BaseDirectory, ".local");
}
