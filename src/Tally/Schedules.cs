namespace Tally;

/// <summary>
/// When the timers run: NCRONTAB with seconds, in UTC. A host resolves these names from its settings and refuses to start
/// without one.
/// </summary>
/// <remarks>
/// The names have no colon: what wakes an app that Azure has scaled to zero looks settings up by their literal names, and
/// does not know that <c>A:B</c> is written <c>A__B</c>.
/// </remarks>
public static class Schedules
{
    public const string ValueStream = "%ValueStreamSchedule%";
    public const string Billing = "%BillingSchedule%";
    public const string Reconcile = "%ReconcileSchedule%";
    public const string Purge = "%PurgeSchedule%";
    public const string Measure = "%MeasureSchedule%";

    /// <summary>What the settings are unless they are given. In Azure they must be given.</summary>
    public static IReadOnlyDictionary<string, string?> Defaults { get; } = new Dictionary<string, string?>
    {
        ["ValueStreamSchedule"] = "0 */5 * * * *",
        ["BillingSchedule"] = "0 15 * * * *",
        ["ReconcileSchedule"] = "0 30 2 * * *",
        ["PurgeSchedule"] = "0 30 4 * * *",
        ["MeasureSchedule"] = "0 */5 * * * *",
    };
}
