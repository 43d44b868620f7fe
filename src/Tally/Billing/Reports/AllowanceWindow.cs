using NodaTime;

namespace Tally.Billing.Reports;

/// <summary>
/// The allowance rule as common table expressions. A service's free fragments of a calendar year go to its earliest SMS;
/// within a day, to the cheaper rate first. What is left over is charged at its own rate.
/// </summary>
/// <remarks>
/// Both forms read a <c>scope</c> of services with <c>free_sms_fragment_limit</c> and <c>allowance_missing</c>, and offer
/// <c>charges</c>, one row per step of the window, with <c>chargeable_units</c>, <c>free_allowance_used</c>,
/// <c>charged_units</c> and <c>cost</c>. Callers filter and group; that never moves a free fragment from one row to another.
/// </remarks>
internal static class AllowanceWindow
{
    /// <summary>Joins the year's allowance to services; without one the limit is 0. Parameter: <c>@year</c>.</summary>
    /// <param name="services">A query with a column <c>service_id</c>.</param>
    public static string Scope(string services) => $"""
        scope AS MATERIALIZED (
            SELECT service_id, coalesce(free_sms_fragment_limit, 0)::bigint AS free_sms_fragment_limit,
                   free_sms_fragment_limit IS NULL AS allowance_missing
            FROM ({services}) services
            LEFT JOIN (SELECT service_id, free_sms_fragment_limit FROM billing.annual_billing WHERE financial_year_start = @year) allowance USING (service_id)
        )
        """;

    /// <summary>
    /// Steps of a month and rate where the month is wanted whole and the service's rates in it follow each other in time,
    /// else of a day and rate. Parameters: <c>@year_start</c>, <c>@next_year</c>, <c>@cut_months</c>. Offers <c>charges</c>
    /// over the year: service_id, local_date (the step's first day with SMS), rate, notifications_sent.
    /// </summary>
    public const string ByMonth = $"""
        rates_in_turn AS (
            SELECT service_id, month, rate, first_date, notifications_sent, chargeable_units,
                   (lag(last_date) OVER month_at_rates, lag(rate) OVER month_at_rates) > (first_date, rate) AS is_interleaved
            FROM billing.ft_billing_monthly JOIN scope USING (service_id)
            WHERE notification_type = 'sms' AND month >= @year_start AND month < @next_year
            WINDOW month_at_rates AS (PARTITION BY service_id, month ORDER BY first_date, rate)
        ),
        months AS MATERIALIZED (
            SELECT service_id, month, rate, first_date, notifications_sent, chargeable_units,
                   month = ANY (@cut_months) OR coalesce(bool_or(is_interleaved) OVER (PARTITION BY service_id, month), false) AS is_split
            FROM rates_in_turn
        ),
        used AS MATERIALIZED (
            SELECT service_id, first_date AS local_date, rate, notifications_sent, chargeable_units
            FROM months WHERE NOT is_split
            UNION ALL
            SELECT service_id, local_date, rate, sum(notifications_sent)::bigint, sum(billable_units * rate_multiplier)::bigint
            FROM (SELECT DISTINCT service_id, month FROM months WHERE is_split) split JOIN billing.ft_billing USING (service_id)
            WHERE notification_type = 'sms' AND local_date >= month AND local_date < (month + interval '1 month')::date
            GROUP BY service_id, local_date, rate
        ),
        steps AS (
            SELECT used.*, free_sms_fragment_limit, allowance_missing, free_sms_fragment_limit - coalesce(sum(chargeable_units) OVER (
                PARTITION BY service_id ORDER BY local_date, rate ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS unused
            FROM used JOIN scope USING (service_id)
        ),
        {Charges}
        """;

    /// <summary>
    /// Steps of one fact. Parameters: <c>@year_start</c>, <c>@first_month</c>, <c>@to</c>. Offers <c>charges</c> from the
    /// first day of that month to <c>@to</c>: all columns of the fact.
    /// </summary>
    public const string ByFact = $"""
        earlier AS MATERIALIZED (
            SELECT service_id, sum(chargeable_units) AS chargeable_units
            FROM billing.ft_billing_monthly JOIN scope USING (service_id)
            WHERE notification_type = 'sms' AND month >= @year_start AND month < @first_month
            GROUP BY service_id
        ),
        steps AS (
            SELECT facts.*, billable_units * rate_multiplier AS chargeable_units, free_sms_fragment_limit, allowance_missing,
                   free_sms_fragment_limit - coalesce(earlier.chargeable_units, 0) - coalesce(sum(billable_units * rate_multiplier) OVER (
                PARTITION BY service_id ORDER BY local_date, rate, template_id, provider, rate_multiplier, international
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS unused
            FROM billing.ft_billing facts JOIN scope USING (service_id) LEFT JOIN earlier USING (service_id)
            WHERE notification_type = 'sms' AND local_date >= @first_month AND local_date <= @to
        ),
        {Charges}
        """;

    private const string Charges = """
        charges AS (
            SELECT steps.*,
                   least(greatest(unused, 0), chargeable_units)::bigint AS free_allowance_used,
                   greatest(chargeable_units - greatest(unused, 0), 0)::bigint AS charged_units,
                   greatest(chargeable_units - greatest(unused, 0), 0) * rate AS cost,
                   greatest(unused - chargeable_units, 0)::bigint AS unused_after
            FROM steps
        )
        """;

    /// <summary>The parameters of both forms.</summary>
    /// <param name="period">The days of the report.</param>
    /// <param name="id">The service or organization that it is about, if it is about one.</param>
    /// <param name="until">The first day that is left out, where a report asks for it.</param>
    public static object Parameters(BillingPeriod period, Guid? id = null, LocalDate? until = null) => new
    {
        id,
        year = period.Year,
        year_start = new LocalDate(period.Year, 1, 1),
        next_year = new LocalDate(period.Year + 1, 1, 1),
        cut_months = period.CutMonths(),
        first_month = period.From.Month().FirstDay(),
        from = period.From,
        to = period.To,
        until,
    };
}
