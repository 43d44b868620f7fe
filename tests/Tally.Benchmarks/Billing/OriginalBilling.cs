using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Tally.Benchmarks.Billing;

/// <summary>
/// The original's refresh of a day: per service and type one query over the UNION view, then per row all rates, one
/// upsert and one commit; and its yearly usage of an organization, windowed fact by fact.
/// </summary>
internal sealed class OriginalBilling(NpgsqlDataSource dataSource)
{
    private const string Sms = """
        SELECT template_id, service_id, 'sms', coalesce(sent_by, 'unknown'), coalesce(rate_multiplier, 1)::integer, coalesce(international, false),
               sum(billable_units)::integer, count(*)::integer
        FROM original.notifications_all_time_view
        WHERE service_id = $1 AND notification_type = 'sms' AND key_type IN ('normal', 'team') AND created_at >= $2 AND created_at < $3
          AND notification_status IN ('sending', 'sent', 'delivered', 'pending', 'temporary-failure', 'permanent-failure')
        GROUP BY 1, 2, 4, 5, 6
        """;

    private const string Email = """
        SELECT template_id, service_id, 'email', 'ses', 0, false, 0, count(*)::integer
        FROM original.notifications_all_time_view
        WHERE service_id = $1 AND notification_type = 'email' AND key_type IN ('normal', 'team') AND created_at >= $2 AND created_at < $3
          AND notification_status IN ('sending', 'delivered', 'temporary-failure', 'permanent-failure')
        GROUP BY 1, 2
        """;

    private const string Rates = "SELECT id, valid_from, rate, notification_type FROM billing.rates ORDER BY valid_from DESC";

    private const string Upsert = """
        INSERT INTO original.ft_billing (local_date, template_id, service_id, notification_type, provider, rate_multiplier, international,
            rate, billable_units, notifications_sent, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now())
        ON CONFLICT ON CONSTRAINT ft_billing_pkey DO UPDATE SET
            notifications_sent = EXCLUDED.notifications_sent, billable_units = EXCLUDED.billable_units, updated_at = now()
        """;

    private const string OrganizationYear = """
        SELECT services.name, services.id, limits.free_sms_fragment_limit,
               coalesce(greatest(limits.free_sms_fragment_limit - coalesce(sum(coalesce(usage.chargeable_units, 0)), 0), 0), 0),
               coalesce(sum(coalesce(usage.chargeable_units, 0)), 0)::bigint, coalesce(sum(usage.charged_units), 0)::bigint, coalesce(sum(usage.cost), 0), services.active
        FROM billing.services
        LEFT JOIN billing.annual_billing limits ON limits.service_id = services.id AND limits.financial_year_start = $2
        LEFT JOIN (
            SELECT service_id, chargeable_units, greatest(chargeable_units - unused, 0) AS charged_units, greatest(chargeable_units - unused, 0) * rate AS cost
            FROM (SELECT facts.service_id, billable_units * rate_multiplier AS chargeable_units, rate,
                         greatest(free_sms_fragment_limit - coalesce(sum(billable_units * rate_multiplier) OVER (
                            PARTITION BY facts.service_id ORDER BY local_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::integer, 0) AS unused
                  FROM billing.services owner
                  JOIN billing.annual_billing allowance ON allowance.service_id = owner.id AND allowance.financial_year_start = $2
                  LEFT JOIN original.ft_billing facts ON facts.service_id = owner.id AND notification_type = 'sms'
                       AND local_date >= make_date($2, 1, 1) AND local_date <= make_date($2, 12, 31)
                  WHERE owner.organization_id = $1) windowed) usage ON usage.service_id = services.id
        WHERE services.organization_id = $1 AND NOT services.restricted
        GROUP BY services.id, services.name, limits.free_sms_fragment_limit
        ORDER BY services.name
        """;

    private const string OrganizationEmails = """
        SELECT services.name, services.id, sum(notifications_sent)
        FROM billing.services JOIN original.ft_billing ON service_id = services.id
        WHERE local_date >= make_date($2, 1, 1) AND local_date <= make_date($2, 12, 31) AND notification_type = 'email'
          AND organization_id = $1 AND NOT restricted
        GROUP BY services.id, services.name ORDER BY services.name
        """;

    /// <summary>A service's SMS of an organization's year.</summary>
    public sealed record Usage(Guid ServiceId, long BillableUnits, long ChargeableUnits, decimal Cost);

    /// <summary>Refreshes one day of some services, one after the other.</summary>
    public async Task RefreshAsync(LocalDate day, IEnumerable<Guid> services, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        foreach (var service in services)
        {
            foreach (var sql in new[] { Sms, Email })
            {
                foreach (var row in await CollectAsync(connection, sql, service, day, cancellationToken)) await UpsertAsync(connection, day, row, cancellationToken);
            }
        }
    }

    /// <summary>The yearly usage of an organization.</summary>
    public async Task<IReadOnlyList<Usage>> FetchOrganizationAsync(Guid organization, int year, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var usage = new List<Usage>();
        await foreach (var reader in ReadAsync(connection, OrganizationYear, cancellationToken, organization, year))
            usage.Add(new Usage(reader.GetGuid(1), reader.GetInt64(4), reader.GetInt64(5), reader.GetDecimal(6)));
        await foreach (var reader in ReadAsync(connection, OrganizationEmails, cancellationToken, organization, year)) _ = reader.GetInt64(2);
        return usage;
    }

    private static async Task<List<object[]>> CollectAsync(NpgsqlConnection connection, string sql, Guid service, LocalDate day, CancellationToken cancellationToken)
    {
        var rows = new List<object[]>();
        await foreach (var reader in ReadAsync(connection, sql, cancellationToken, service, day.AtMidnight().InUtc().ToDateTimeUtc(), day.PlusDays(1).AtMidnight().InUtc().ToDateTimeUtc()))
        {
            var row = new object[8];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }

    private static Task UpsertAsync(NpgsqlConnection connection, LocalDate day, object[] row, CancellationToken cancellationToken) => connection.InTransactionAsync(async () =>
    {
        var rate = 0m;
        var isPriced = (string)row[2] == "sms";
        await foreach (var reader in ReadAsync(connection, Rates, cancellationToken))
            if (isPriced && reader.GetString(3) == "sms") rate = reader.GetDecimal(2);
        await using var upsert = new NpgsqlCommand(Upsert, connection);
        upsert.Parameters.Add(new NpgsqlParameter { Value = day.ToDateOnly(), NpgsqlDbType = NpgsqlDbType.Date });
        foreach (var value in row.Take(6).Append(rate).Concat(row.Skip(6))) upsert.Parameters.Add(new NpgsqlParameter { Value = value });
        await upsert.ExecuteNonQueryAsync(cancellationToken);
    }, cancellationToken);

    private static async IAsyncEnumerable<NpgsqlDataReader> ReadAsync(
        NpgsqlConnection connection, string sql, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) yield return reader;
    }
}
