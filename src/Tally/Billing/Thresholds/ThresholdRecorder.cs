using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;

namespace Tally.Billing.Thresholds;

/// <summary>Notes which services have reached a share of their allowance, each share once per service, year and allowance.</summary>
/// <remarks>
/// It looks at the committed sums of all services, not at the changes of one day: two days may cross a threshold
/// together, and a refresh may die before it has looked.
/// </remarks>
internal sealed class ThresholdRecorder(NpgsqlDataSource dataSource, IClock clock, IOptions<BillingOptions> options)
{
    private const string Record = """
        /* tally:billing.record_thresholds */
        INSERT INTO billing.usage_thresholds (service_id, financial_year_start, percent, free_sms_fragment_limit, chargeable_units, crossed_at)
        SELECT allowance.service_id, @year, percent, allowance.free_sms_fragment_limit, used.chargeable_units, @now
        FROM billing.annual_billing allowance
        JOIN (SELECT service_id, sum(chargeable_units)::bigint AS chargeable_units
              FROM billing.ft_billing_monthly
              WHERE notification_type = 'sms' AND month >= make_date(@year, 1, 1) AND month < make_date(@year + 1, 1, 1)
              GROUP BY service_id) used USING (service_id)
        CROSS JOIN unnest(@percents) percent
        WHERE allowance.financial_year_start = @year
          AND allowance.free_sms_fragment_limit > 0
          AND used.chargeable_units * 100 >= allowance.free_sms_fragment_limit::bigint * percent
        ORDER BY 1, 2, 3
        ON CONFLICT (service_id, financial_year_start, percent, free_sms_fragment_limit) DO NOTHING
        """;

    /// <summary>Notes what was reached in these years.</summary>
    public async Task RecordAsync(IEnumerable<int> years, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        foreach (var year in years.Distinct().Order())
        {
            await connection.ExecuteWithinAsync(
                options.Value.StatementTimeout, Record, new { year, percents = options.Value.ThresholdPercents.Distinct().ToArray(), now = clock.GetCurrentInstant() }, cancellationToken);
        }
    }
}
