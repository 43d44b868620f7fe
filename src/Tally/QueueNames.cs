namespace Tally;

/// <summary>
/// The business queues. A message that fails <c>maxDequeueCount</c> times goes to the queue of the same name with
/// <see cref="PoisonSuffix"/>.
/// </summary>
internal static class QueueNames
{
    /// <summary>The setting that names the storage account of these queues, for triggers and outputs alike.</summary>
    public const string Connection = "TallyQueues";

    public const string PoisonSuffix = "-poison";

    /// <summary>A reporting event, or an array of them.</summary>
    public const string ReportingEvents = "reporting-events";

    /// <summary>A range of days to rebuild.</summary>
    public const string ReportingBackfills = "reporting-backfills";

    /// <summary>One day to rebuild.</summary>
    public const string ReportingBackfillDays = "reporting-backfill-days";

    /// <summary>A service that crossed a threshold of its allowance.</summary>
    public const string BillingAlerts = "billing-alerts";

    /// <summary>Every queue, without the poison queues.</summary>
    public static IReadOnlyList<string> All { get; } = [ReportingEvents, ReportingBackfills, ReportingBackfillDays, BillingAlerts];
}
