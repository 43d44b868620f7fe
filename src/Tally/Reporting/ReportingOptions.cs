using Tally.Scheduling;

namespace Tally.Reporting;

/// <summary>The settings under <c>Reporting:</c>. When its timers run is not among them: <see cref="Schedules"/>.</summary>
/// <remarks>
/// The box fits a <c>functionTimeout</c> of 5 minutes. A pass has nine statements: the next accounts read, a day held against
/// its events in four, what differs recorded in four; or an account's days compared in seven. A turn has up to three such
/// passes, of which more than one takes its time only if nearly every statement is slow and none is cut off:
/// <see cref="ScheduledRun"/> ends that.
/// </remarks>
public sealed class ReportingOptions() : TimeBoxedOptions(Section, statements: 9, maxRuntime: TimeSpan.FromSeconds(150), statementTimeout: TimeSpan.FromSeconds(15))
{
    public const string Section = "Reporting";

    /// <summary>Days of each account that reconcile verifies, today and back from it, 1 to 31. More would not fit one statement.</summary>
    public int ReconcileDays { get; set; } = 7;

    /// <summary>
    /// How long a backfill request may show no progress before reconcile queues its days again, 10 minutes to 7 days. Shorter
    /// than the queue's backlog, it doubles the messages in it; they do no harm but cost time.
    /// </summary>
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromHours(6);

    /// <summary>
    /// Days after which raw events may go, 0 to 36,500; 0 keeps them for ever. The timer removes those of older days that
    /// verify as right.
    /// </summary>
    public int RetentionDays { get; set; }

    /// <summary>
    /// Days for which the ids of purged events are remembered, 8 to 3,650, so that a message or a file that brings one again
    /// changes nothing; after that it is counted again. 0 remembers them for as long as the base that holds their totals.
    /// </summary>
    public int PurgedEventDays { get; set; }

    /// <summary>
    /// Days for which records of finished work are kept, 30 to 36,500: backfill requests and their days, passes, drift. The
    /// default shows a year's work beside the same days of the year before.
    /// </summary>
    public int RunRecordDays { get; set; } = 400;

    private protected override IEnumerable<string?> Check() =>
    [
        Range(nameof(ReconcileDays), ReconcileDays, 1, 31),
        Range(nameof(ResendAfter), ResendAfter, TimeSpan.FromMinutes(10), TimeSpan.FromDays(7)),
        Range(nameof(RetentionDays), RetentionDays, 0, 36_500),
        PurgedEventDays == 0 ? null : Range(nameof(PurgedEventDays), PurgedEventDays, 8, 3_650),
        Range(nameof(RunRecordDays), RunRecordDays, 30, 36_500),
    ];
}
