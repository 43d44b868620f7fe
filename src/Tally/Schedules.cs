using Microsoft.Extensions.Configuration;

namespace Tally;

/// <summary>
/// When the timers run: NCRONTAB with seconds, in UTC. A host resolves these names from its settings and refuses to start
/// without one. They have no colon: what wakes an app that has scaled to zero finds <c>A:B</c> only under that very name.
/// </summary>
internal static class Schedules
{
    public const string ValueStream = "%ValueStreamSchedule%";
    public const string Billing = "%BillingSchedule%";
    public const string Reconcile = "%ReconcileSchedule%";
    public const string Purge = "%PurgeSchedule%";
    public const string Finish = "%FinishWorkSchedule%";
    public const string Measure = "%MeasureQueuesSchedule%";

    /// <summary>What the settings are unless they are given. In Azure they must be given.</summary>
    public static IReadOnlyDictionary<string, string?> Defaults { get; } = new Dictionary<string, string?>
    {
        ["ValueStreamSchedule"] = "0 */5 * * * *",
        ["BillingSchedule"] = "0 15 * * * *",
        ["ReconcileSchedule"] = "0 30 2 * * *",
        ["PurgeSchedule"] = "0 30 4 * * *",
        ["MeasureQueuesSchedule"] = "0 */5 * * * *",
        ["FinishWorkSchedule"] = "0 */10 * * * *",
    };

    /// <summary>The names that no timer reads, and those that it does.</summary>
    internal static IReadOnlyDictionary<string, string> Renamed { get; } = new Dictionary<string, string>
    {
        ["ValueStream:Schedule"] = "ValueStreamSchedule",
        ["Billing:Schedule"] = "BillingSchedule",
        ["Reporting:ReconcileSchedule"] = "ReconcileSchedule",
        ["Reporting:PurgeSchedule"] = "PurgeSchedule",
        ["Queues:MeasureSchedule"] = "MeasureQueuesSchedule",
    };

    /// <summary>Refuses a schedule that is set under a name which no timer reads.</summary>
    /// <param name="configuration">The settings.</param>
    /// <exception cref="InvalidOperationException">One is; the message says its new name.</exception>
    public static void RefuseRenamed(IConfiguration configuration)
    {
        foreach (var (old, name) in Renamed)
            if (configuration[old] is { } value)
                throw new InvalidOperationException($"Setting {old} (environment variable {old.Replace(":", "__", StringComparison.Ordinal)}) is called {name}. Set {name} to '{value}', and remove {old}.");
    }
}
