using NodaTime;
using Tally.Scheduling;

namespace Tally.ValueStream;

/// <summary>The settings under <c>ValueStream:</c>.</summary>
public sealed class ValueStreamOptions
{
    public const string Section = "ValueStream";

    /// <summary>
    /// Namespaces counted by one statement and saved by one commit, 1 to 10,000. A kill loses one page at most; beyond 500
    /// fewer statements no longer pay, and the gap between two checkpoints grows.
    /// </summary>
    public int NamespacePageSize { get; set; } = 500;

    /// <summary>
    /// Rows up to which a namespace is counted together with its page, 1 to 1,000,000. Larger ones are counted in batches of
    /// their own, so that one giant project cannot hold up a statement. 20,000 rows take about 2 ms.
    /// </summary>
    public int CountCap { get; set; } = 20_000;

    /// <summary>Rows of one batch of a namespace above the cap, 1 to 1,000,000. 5,000 take about 1 ms: less would be all round trips.</summary>
    public int CountBatchSize { get; set; } = 5_000;

    /// <summary>
    /// Pages and batches that a group may take before the next group has its turn, 1 to 10,000. Few, so that a giant does not
    /// hold up the small; many, so that changing turns costs nothing next to counting.
    /// </summary>
    public int TurnPages { get; set; } = 50;

    /// <summary>The time box of one run, at least one second. Three minutes leave the database two of every five on the default schedule.</summary>
    public TimeSpan MaxRuntime { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>When the server cancels a statement, 10 ms to 10 minutes. Hundreds of times what a page takes from memory.</summary>
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Failures in a row after which a group is recorded as failed for the month, 1 to 20. Each failure cuts its pages and
    /// batches to an eighth: after four a page of 500 is a single namespace.
    /// </summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Count only on the last so many days of a month (UTC), 1 to 31; 0 is any day.</summary>
    public int LastDaysOfMonth { get; set; }

    /// <summary>The licence of the installation; without it nothing is read or written.</summary>
    public bool Licensed { get; set; } = true;

    /// <summary>The plans that include the counts, separated by commas. A group on another plan, or on none, is disabled.</summary>
    public string LicensedPlans { get; set; } = "premium,ultimate";

    internal string[] Plans => LicensedPlans.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The longest time between two checks of the box: one counting statement and the commit of what it found.</summary>
    internal TimeSpan Pass => 2 * StatementTimeout;

    /// <summary>Long enough that a holder at work never loses it: it is renewed with every pass.</summary>
    internal TimeSpan LeaseDuration => Pass + TimeSpan.FromSeconds(10);

    /// <summary>Whether counting is allowed on <paramref name="today"/>.</summary>
    internal bool IsInWindow(LocalDate today) =>
        LastDaysOfMonth == 0 || today.Day > today.Calendar.GetDaysInMonth(today.Year, today.Month) - LastDaysOfMonth;

    /// <summary>What is wrong, one sentence each, with the setting's name, its value and its range.</summary>
    internal IEnumerable<string> FindFaults(TimeBox functionTimeout)
    {
        if (OutOfRange(nameof(NamespacePageSize), NamespacePageSize, 1, 10_000) is { } page) yield return page;
        if (OutOfRange(nameof(CountCap), CountCap, 1, 1_000_000) is { } cap) yield return cap;
        if (OutOfRange(nameof(CountBatchSize), CountBatchSize, 1, 1_000_000) is { } batch) yield return batch;
        if (OutOfRange(nameof(TurnPages), TurnPages, 1, 10_000) is { } turn) yield return turn;
        if (OutOfRange(nameof(MaxAttempts), MaxAttempts, 1, 20) is { } attempts) yield return attempts;
        if (OutOfRange(nameof(LastDaysOfMonth), LastDaysOfMonth, 0, 31) is { } days) yield return days;
        if (OutOfRange(nameof(MaxRuntime), MaxRuntime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)) is { } runtime) yield return runtime;
        if (OutOfRange(nameof(StatementTimeout), StatementTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)) is { } statement) yield return statement;
        if (Plans.Length == 0) yield return $"{Section}:{nameof(LicensedPlans)} names no plan. Name at least one, or set {Section}:{nameof(Licensed)} to false.";

        var misfit = TimeBoxes.FindMisfit(
            new TimeBox($"{Section}:{nameof(StatementTimeout)}", StatementTimeout),
            new TimeBox("two statements, the pass of a count,", Pass),
            new TimeBox($"{Section}:{nameof(MaxRuntime)}", MaxRuntime),
            functionTimeout);
        if (misfit is not null) yield return misfit;
    }

    private static string? OutOfRange<T>(string name, T value, T lowest, T highest) where T : IComparable<T> =>
        value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0
            ? $"{Section}:{name} is {value}. Expected {lowest} to {highest}."
            : null;
}
