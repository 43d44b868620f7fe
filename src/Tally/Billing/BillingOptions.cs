using Tally.Scheduling;

namespace Tally.Billing;

/// <summary>Section <c>Billing</c> of the settings. <see cref="BillingOptionsValidator"/> gives every range and its reason.</summary>
public sealed class BillingOptions
{
    public const string Section = "Billing";

    /// <summary>The UTC hour from which the night's refresh of closed days is due. 0 to 23; default 3, when late delivery receipts are in.</summary>
    public int NightlyHourUtc { get; set; } = 3;

    /// <summary>How many closed days a night refreshes. 1 to 92; default 10: statuses still change that long after sending.</summary>
    public int NightlyDays { get; set; } = 10;

    /// <summary>
    /// Days for which the record of a refresh is kept that changed no fact. 30 to 36,500; default 400: a year's nights beside
    /// those of the year before.
    /// </summary>
    public int RunRecordDays { get; set; } = 400;

    /// <summary>
    /// The time box of one scheduled run: longer than a day may take, which is three statement timeouts, and one such day
    /// and 10 seconds short of <c>functionTimeout</c>. Default 3 minutes.
    /// </summary>
    public TimeSpan MaxRuntime { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>The longest one SQL statement of a refresh may run, waiting for the day's lock included. 1 second to 10 minutes; default 30 seconds.</summary>
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Percentages of the free allowance at which an alert is due. 1 to 1000 each; default 80 and 100.</summary>
    public IList<int> ThresholdPercents { get; } = [];

    /// <summary>
    /// The free fragments of a service for which nothing was agreed, by the first year in which they apply. Years before
    /// the first entry have that entry's value. The default is 2020: 250000, 2021: 150000, 2022: 40000.
    /// </summary>
    public IDictionary<int, int> DefaultAllowances { get; } = new Dictionary<int, int>();

    /// <summary>What one day may take: the wait for its lock, its rebuild, and the short statements around them.</summary>
    internal TimeSpan DayBudget => StatementTimeout * 3;

    /// <summary>How long the schedule's lease outlives its holder's last sign of life.</summary>
    internal TimeSpan LeaseDuration => DayBudget + TimeBoxes.Margin;

    /// <summary>Why these time boxes do not nest into each other and into <paramref name="functionTimeout"/>; null when they do.</summary>
    internal string? FindMisfit(TimeBox functionTimeout) => TimeBoxes.FindMisfit(
        new TimeBox("Billing:StatementTimeout", StatementTimeout),
        new TimeBox("three times Billing:StatementTimeout", DayBudget),
        new TimeBox("Billing:MaxRuntime", MaxRuntime),
        functionTimeout);

    /// <summary>The configuration binder adds to lists, so the defaults go in only where nothing was configured.</summary>
    internal void FillIn()
    {
        if (ThresholdPercents.Count == 0)
        {
            ThresholdPercents.Add(80);
            ThresholdPercents.Add(100);
        }

        if (DefaultAllowances.Count == 0)
        {
            DefaultAllowances[2020] = 250_000;
            DefaultAllowances[2021] = 150_000;
            DefaultAllowances[2022] = 40_000;
        }
    }
}
