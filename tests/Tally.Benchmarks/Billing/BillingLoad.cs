using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Benchmarks.Billing;

/// <summary>A month of a platform: the same notifications, rates and services for the original and for us.</summary>
/// <param name="Services">Services, spread over four organizations.</param>
/// <param name="Notifications">Over 30 days; half are archived, one in 500 stands in both tables.</param>
internal sealed record BillingLoad(int Services, int Notifications)
{
    /// <summary>The first of the 30 days.</summary>
    public static readonly LocalDate FirstDay = new(2024, 6, 1);

    public const int Days = 30;

    // The original's tables and indexes, as far as its billing touches them. It reads the same notifications.
    private const string Original = """
        CREATE SCHEMA original;
        CREATE VIEW original.notifications_all_time_view AS
        SELECT id, job_id, job_row_number, service_id, template_id, template_version, api_key_id, key_type, billable_units,
               notification_type, created_at, sent_at, sent_by, updated_at, notification_status, reference, client_reference,
               international, phone_prefix, rate_multiplier, created_by_id, document_download_count
        FROM billing.notifications
        UNION
        SELECT id, job_id, job_row_number, service_id, template_id, template_version, api_key_id, key_type, billable_units,
               notification_type, created_at, sent_at, sent_by, updated_at, notification_status, reference, client_reference,
               international, phone_prefix, rate_multiplier, created_by_id, document_download_count
        FROM billing.notification_history;
        CREATE TABLE original.ft_billing (
            local_date date NOT NULL, template_id uuid NOT NULL, service_id uuid NOT NULL, notification_type text NOT NULL,
            provider text NOT NULL, rate_multiplier integer NOT NULL, international boolean NOT NULL, rate numeric NOT NULL,
            billable_units integer, notifications_sent integer, updated_at timestamp, created_at timestamp NOT NULL,
            CONSTRAINT ft_billing_pkey PRIMARY KEY
                (local_date, template_id, service_id, notification_type, provider, rate_multiplier, international, rate));
        CREATE INDEX ON original.ft_billing (local_date);
        CREATE INDEX ON original.ft_billing (service_id);
        CREATE INDEX ON original.ft_billing (template_id);
        """;

    private const string OriginalIndexes = """
        CREATE INDEX ON billing.notifications (service_id, notification_type, notification_status, created_at);
        CREATE INDEX ON billing.notifications (notification_type, notification_status, created_at);
        CREATE INDEX ON billing.notification_history (service_id, key_type, notification_type, created_at);
        """;

    private const string Rows = """
        -- Foreign keys of five million rows are not what is measured.
        SET LOCAL session_replication_role = replica;
        SELECT setseed(0.5);
        INSERT INTO billing.organization (id, name) SELECT md5('o' || n)::uuid, 'organization ' || n FROM generate_series(0, 3) n;
        INSERT INTO billing.services (id, name, organization_id)
        SELECT md5('s' || n)::uuid, 'service ' || n, md5('o' || n % 4)::uuid FROM generate_series(0, @services - 1) n;
        INSERT INTO billing.annual_billing (service_id, financial_year_start, free_sms_fragment_limit) SELECT id, 2024, 1000 FROM billing.services;
        INSERT INTO billing.rates (valid_from, rate, notification_type) VALUES ('2024-01-01Z', 0.0162, 'sms');

        CREATE TEMP TABLE sent ON COMMIT DROP AS
        SELECT n, md5('n' || n)::uuid AS id, md5('s' || service)::uuid AS service_id, md5('t' || service || '/' || template)::uuid AS template_id,
               CASE WHEN template < 3 THEN 'sms' ELSE 'email' END AS notification_type,
               timestamptz '2024-06-01Z' + n * interval '30 days' / @notifications AS created_at,
               (ARRAY['delivered', 'delivered', 'delivered', 'delivered', 'sending', 'sent', 'temporary-failure', 'permanent-failure', 'failed', 'created'])
                   [1 + floor(random() * 10)::int] AS notification_status,
               (ARRAY['normal', 'normal', 'normal', 'normal', 'normal', 'normal', 'normal', 'team', 'team', 'test'])[1 + floor(random() * 10)::int] AS key_type,
               CASE WHEN template >= 3 THEN 'ses' WHEN random() < 0.7 THEN 'sns' END AS sent_by,
               CASE WHEN template < 3 THEN (ARRAY[1, 1, 1, 1, 2, 3])[1 + floor(random() * 6)::int] END AS rate_multiplier,
               CASE WHEN template < 3 THEN random() < 0.1 END AS international,
               CASE WHEN template < 3 THEN 1 + floor(random() * 3)::int ELSE 0 END AS billable_units
        FROM (SELECT n, floor(random() * @services)::int AS service, floor(random() * 5)::int AS template FROM generate_series(0, @notifications - 1) n) drawn;

        INSERT INTO billing.notifications (id, service_id, template_id, notification_type, created_at, notification_status, key_type,
            sent_by, rate_multiplier, international, billable_units)
        SELECT id, service_id, template_id, notification_type, created_at, notification_status, key_type, sent_by, rate_multiplier, international, billable_units
        FROM sent WHERE n % 2 = 0 ORDER BY n;
        INSERT INTO billing.notification_history (id, service_id, template_id, notification_type, created_at, notification_status, key_type,
            sent_by, rate_multiplier, international, billable_units)
        SELECT id, service_id, template_id, notification_type, created_at, notification_status, key_type, sent_by, rate_multiplier, international, billable_units
        FROM sent WHERE n % 2 = 1 OR n % 500 = 0 ORDER BY n;
        """;

    /// <summary>Fills an empty, migrated database.</summary>
    public async Task ApplyAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        Task ExecuteAsync(string sql) => connection.ExecuteAsync(new CommandDefinition(
            sql, new { services = Services, notifications = Notifications }, commandTimeout: 1800, cancellationToken: cancellationToken));

        await ExecuteAsync("SET maintenance_work_mem = '512MB'");
        await ExecuteAsync(Original);
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            await ExecuteAsync(Rows);
            await transaction.CommitAsync(cancellationToken);
        }

        await ExecuteAsync(OriginalIndexes);
        await ExecuteAsync("VACUUM (ANALYZE) billing.notifications");
        await ExecuteAsync("VACUUM (ANALYZE) billing.notification_history");
    }
}
