using NodaTime;
using Tally.Scheduling;

namespace Tally.ValueStream;

/// <summary>The settings under <c>ValueStream:</c>.</summary>
/// <remarks>
/// Three minutes of a run leave the database two of every five on the default schedule; ten seconds are hundreds of times what
/// a page takes from memory. A pass is one counting statement and the commit of what it found.
/// </remarks>
public sealed class ValueStreamOptions() : TimeBoxedOptions(Section, statements: 2, maxRuntime: TimeSpan.FromMinutes(3), statementTimeout: TimeSpan.FromSeconds(10))
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

    /// <summary>Whether counting is allowed on <paramref name="today"/>.</summary>
    internal bool IsInWindow(LocalDate today) =>
        LastDaysOfMonth == 0 || today.Day > today.Calendar.GetDaysInMonth(today.Year, today.Month) - LastDaysOfMonth;

    private protected override TimeSpan ShortestStatement => TimeSpan.FromMilliseconds(10);

    private protected override IEnumerable<string?> Check() =>
    [
        Range(nameof(NamespacePageSize), NamespacePageSize, 1, 10_000),
        Range(nameof(CountCap), CountCap, 1, 1_000_000),
        Range(nameof(CountBatchSize), CountBatchSize, 1, 1_000_000),
        Range(nameof(TurnPages), TurnPages, 1, 10_000),
        Range(nameof(MaxAttempts), MaxAttempts, 1, 20),
        Range(nameof(LastDaysOfMonth), LastDaysOfMonth, 0, 31),
        Plans.Length == 0 ? $"{Section}:{nameof(LicensedPlans)} names no plan. Name at least one, or set {Section}:{nameof(Licensed)} to false." : null,
    ];
}
