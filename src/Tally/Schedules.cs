namespace Tally;

/// <summary>
/// When the timers run: NCRONTAB with seconds, in UTC. A host resolves these names from its settings and refuses to start
/// without one.
/// </summary>
public static class Schedules
{
    public const string ValueStream = "%ValueStream:Schedule%";
    public const string Billing = "%Billing:Schedule%";
    public const string Reconcile = "%Reporting:ReconcileSchedule%";
    public const string Purge = "%Reporting:PurgeSchedule%";
    public const string Measure = "%Queues:MeasureSchedule%";

    /// <summary>What the settings are unless they are given. In Azure they must be given.</summary>
    public static IReadOnlyDictionary<string, string?> Defaults { get; } = new Dictionary<string, string?>
    {
        ["ValueStream:Schedule"] = "0 */5 * * * *",
        ["Billing:Schedule"] = "0 15 * * * *",
        ["Reporting:ReconcileSchedule"] = "0 30 2 * * *",
        ["Reporting:PurgeSchedule"] = "0 30 4 * * *",
        ["Queues:MeasureSchedule"] = "0 */5 * * * *",
    };
}
