using NodaTime;

namespace Tally.Billing.Reports;

/// <summary>Days, both ends included.</summary>
internal record BillingRange
{
    private protected BillingRange(LocalDate from, LocalDate to) => (From, To) = (from, to);

    public LocalDate From { get; }
    public LocalDate To { get; }

    /// <exception cref="BillingException">The end is before the start.</exception>
    public static BillingRange Of(LocalDate from, LocalDate to) =>
        to < from ? throw new BillingException("Start date must be before end date") : new BillingRange(from, to);
}

/// <summary>Days of one calendar year: what a report that applies a free allowance can cover, since there is one for each year.</summary>
internal sealed record BillingPeriod : BillingRange
{
    private BillingPeriod(LocalDate from, LocalDate to)
        : base(from, to)
    {
    }

    public int Year => From.Year;

    /// <summary>A whole calendar year.</summary>
    public static BillingPeriod OfYear(int year) => new(new LocalDate(year, 1, 1), new LocalDate(year, 12, 31));

    /// <exception cref="BillingException">The end is before the start, or in another year.</exception>
    public static new BillingPeriod Of(LocalDate from, LocalDate to) =>
        BillingRange.Of(from, to) is { } range && range.To.Year != range.From.Year
            ? throw new BillingException("Date must be in a single financial year.")
            : new BillingPeriod(from, to);

    /// <summary>The months of which the period covers only a part, by their first days.</summary>
    internal LocalDate[] CutMonths()
    {
        var cut = new List<LocalDate>();
        if (From.Day != 1) cut.Add(From.Month().FirstDay());
        if (To.PlusDays(1).Day != 1) cut.Add(To.Month().FirstDay());
        return [.. cut.Distinct()];
    }
}
