namespace Tally.Billing.Refresh;

/// <summary>
/// The common table expressions that bring <c>ft_billing</c> from one state to the other. They read <c>changes</c>: the
/// key columns without the rate, the stored row's <c>fact</c> (its ctid) and <c>created_at</c>, and from/to of rate,
/// billable_units and notifications_sent. Parameter: <c>@now</c>.
/// </summary>
/// <remarks>A row whose rate changes moves to another key: it leaves and comes back with its created_at.</remarks>
internal static class FactWriteSql
{
    public const string Sql = """
        removed AS (
            DELETE FROM billing.ft_billing
            WHERE ctid = ANY (ARRAY(SELECT fact FROM changes WHERE fact IS NOT NULL AND rate_from IS DISTINCT FROM rate_to))
        ),
        written AS (
            INSERT INTO billing.ft_billing (local_date, template_id, service_id, notification_type, provider,
                rate_multiplier, international, rate, billable_units, notifications_sent, created_at, updated_at)
            SELECT local_date, template_id, service_id, notification_type, provider, rate_multiplier, international,
                   rate_to, billable_units_to, notifications_sent_to, coalesce(created_at, @now), CASE WHEN fact IS NOT NULL THEN @now END
            FROM changes
            WHERE rate_to IS NOT NULL
            ORDER BY local_date, template_id, service_id, notification_type, provider, rate_multiplier, international, rate_to
            ON CONFLICT ON CONSTRAINT ft_billing_pkey DO UPDATE SET
                billable_units = EXCLUDED.billable_units,
                notifications_sent = EXCLUDED.notifications_sent,
                updated_at = EXCLUDED.updated_at
        )
        """;
}
