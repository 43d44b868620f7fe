using Tally.Scheduling;

namespace Tally.Billing;

/// <summary>The settings under <c>Billing:</c>.</summary>
/// <remarks>A pass is a day: the wait for its lock, its rebuild, and the short statements around them.</remarks>
public sealed class BillingOptions() : TimeBoxedOptions(Section, statements: 3, maxRuntime: TimeSpan.FromMinutes(3), statementTimeout: TimeSpan.FromSeconds(30))
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

    /// <summary>Percentages of the free allowance at which an alert is due. 1 to 1000 each; default 80 and 100.</summary>
    public IList<int> ThresholdPercents { get; } = [];

    /// <summary>
    /// The free fragments of a service for which nothing was agreed, by the first year in which they apply. Years before
    /// the first entry have that entry's value. The default is 2020: 250000, 2021: 150000, 2022: 40000.
    /// </summary>
    public IDictionary<int, int> DefaultAllowances { get; } = new Dictionary<int, int>();

    private protected override IEnumerable<string?> Check() =>
    [
        Range(nameof(NightlyHourUtc), NightlyHourUtc, 0, 23),
        Range(nameof(NightlyDays), NightlyDays, 1, 92, "older days are a matter of 'tally billing refresh', not of every night"),
        Range(nameof(RunRecordDays), RunRecordDays, 30, 36_500),
        ThresholdPercents.Any(percent => percent is < 1 or > 1000)
            ? $"{Section}:{nameof(ThresholdPercents)} is {string.Join(", ", ThresholdPercents)}. Expected percentages from 1 to 1000."
            : null,
        DefaultAllowances.Any(entry => entry.Key is < 1970 or > 9999 || entry.Value < 0)
            ? $"{Section}:{nameof(DefaultAllowances)} expects years from 1970 to 9999 with limits of 0 or more, such as {Section}:{nameof(DefaultAllowances)}:2025 = 40000."
            : null,
    ];

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
