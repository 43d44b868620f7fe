using Microsoft.Extensions.Options;
using Tally.Scheduling;

namespace Tally.Reporting;

/// <summary>
/// The settings under <c>Reporting:</c>. When its timers run is not among them: <see cref="Schedules"/>.
/// </summary>
public sealed class ReportingOptions
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

    /// <summary>The time box of one run of a timer, at least a second. The default fits a <c>functionTimeout</c> of 5 minutes.</summary>
    public TimeSpan MaxRuntime { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>When a statement of a timer's run is given up, 1 second to 10 minutes, waiting for a day's lock included.</summary>
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The longest time without a sign of life, nine statements: the next accounts read, a day held against its events in four,
    /// what differs recorded in four; or an account's days compared in seven. A turn has up to three such passes, of which
    /// more than one takes its time only if nearly every statement is slow and none is cut off: <see cref="ScheduledRun"/> ends that.
    /// </summary>
    internal TimeSpan Pass => 9 * StatementTimeout;

    /// <summary>Long enough that a holder at work never loses it: it is renewed with every pass.</summary>
    internal TimeSpan LeaseDuration => Pass + TimeBoxes.Margin;

    /// <summary>What is wrong, one sentence each, with the setting's name, its value and its range.</summary>
    internal IEnumerable<string> FindFaults(TimeBox functionTimeout)
    {
        if (OutOfRange(nameof(ReconcileDays), ReconcileDays, 1, 31) is { } days) yield return days;
        if (OutOfRange(nameof(ResendAfter), ResendAfter, TimeSpan.FromMinutes(10), TimeSpan.FromDays(7)) is { } resend) yield return resend;
        if (OutOfRange(nameof(RetentionDays), RetentionDays, 0, 36_500) is { } retention) yield return retention;
        if (PurgedEventDays != 0 && OutOfRange(nameof(PurgedEventDays), PurgedEventDays, 8, 3_650) is { } purged) yield return purged;
        if (OutOfRange(nameof(RunRecordDays), RunRecordDays, 30, 36_500) is { } records) yield return records;
        if (OutOfRange(nameof(MaxRuntime), MaxRuntime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)) is { } runtime) yield return runtime;
        if (OutOfRange(nameof(StatementTimeout), StatementTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)) is { } statement) yield return statement;
        var misfit = TimeBoxes.FindMisfit(
            new TimeBox($"{Section}:{nameof(StatementTimeout)}", StatementTimeout),
            new TimeBox($"nine times {Section}:{nameof(StatementTimeout)}", Pass),
            new TimeBox($"{Section}:{nameof(MaxRuntime)}", MaxRuntime),
            functionTimeout);
        if (misfit is not null) yield return misfit;
    }

    private static string? OutOfRange<T>(string name, T value, T lowest, T highest)
        where T : IComparable<T> =>
        value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0
            ? $"{Section}:{name} is {value}. Expected {lowest} to {highest}."
            : null;
}

internal sealed class ReportingOptionsValidator : IValidateOptions<ReportingOptions>
{
    public ValidateOptionsResult Validate(string? name, ReportingOptions options)
    {
        var faults = options.FindFaults(FunctionTimeout.Read(Path.Combine(AppContext.BaseDirectory, "host.json"))).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
