using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Tests.Billing;

internal sealed record Service(Guid Id, string Name);

internal sealed record Template(Guid Id, Service Service, string Type);

/// <summary>A row of ft_billing.</summary>
internal sealed record Fact
{
    public LocalDate LocalDate { get; init; }
    public Guid TemplateId { get; init; }
    public Guid ServiceId { get; init; }
    public string NotificationType { get; init; } = "";
    public string Provider { get; init; } = "";
    public int RateMultiplier { get; init; }
    public bool International { get; init; }
    public decimal Rate { get; init; }
    public long BillableUnits { get; init; }
    public long NotificationsSent { get; init; }
    public Instant? UpdatedAt { get; init; }
    public Instant CreatedAt { get; init; }
}

/// <summary>Puts rows into the tables that others fill, naming only the columns that matter.</summary>
internal sealed class World(NpgsqlDataSource dataSource, IClock clock)
{
    /// <summary>How many months' sums differ from their facts.</summary>
    public const string MonthlyDifferences = """
        SELECT count(*) FROM (
            SELECT service_id, date_trunc('month', local_date::timestamp)::date AS month, notification_type, rate, count(*) AS facts,
                   sum(notifications_sent) AS notifications_sent, sum(billable_units) AS billable_units, sum(billable_units * rate_multiplier) AS chargeable_units,
                   min(local_date) AS first_date, max(local_date) AS last_date
            FROM billing.ft_billing GROUP BY 1, 2, 3, 4) facts
        FULL JOIN billing.ft_billing_monthly sums USING (service_id, month, notification_type, rate, facts, notifications_sent, billable_units, chargeable_units, first_date, last_date)
        WHERE facts.service_id IS NULL OR sums.service_id IS NULL
        """;

    private static int _names;

    public async Task<Guid> OrganizationAsync(string name)
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<Guid>("INSERT INTO billing.organization (name) VALUES (@name) RETURNING id", new { name });
    }

    public async Task<Service> ServiceAsync(
        string? name = null, Guid? organization = null, bool restricted = false, bool active = true, bool countAsLive = true, string[]? permissions = null)
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        name ??= $"service {Interlocked.Increment(ref _names):0000}";
        var id = await connection.ExecuteScalarAsync<Guid>(
            """
            INSERT INTO billing.services (name, organization_id, restricted, active, count_as_live)
            VALUES (@name, @organization, @restricted, @active, @count_as_live) RETURNING id
            """,
            new { name, organization, restricted, active, count_as_live = countAsLive });
        foreach (var permission in permissions ?? ["sms", "email", "international_sms"])
            await connection.ExecuteAsync("INSERT INTO billing.service_permissions (service_id, permission) VALUES (@id, @permission)", new { id, permission });
        return new Service(id, name);
    }

    public async Task<Template> TemplateAsync(string type = "sms", Service? service = null) => new(Guid.NewGuid(), service ?? await ServiceAsync(), type);

    public Task<Guid> NotificationAsync(
        Template template, string status = "delivered", Instant? createdAt = null, string keyType = "normal", string? sentBy = null,
        decimal? multiplier = null, bool? international = false, int units = 1, bool history = false, Guid? id = null) =>
        InsertAsync(history ? "notification_history" : "notifications", new
        {
            id = id ?? Guid.NewGuid(), template = template.Id, service = template.Service.Id, type = template.Type, status,
            created_at = createdAt ?? clock.GetCurrentInstant(), key_type = keyType, sent_by = sentBy, multiplier, international, units,
        });

    public async Task FactAsync(
        LocalDate day, Template template, decimal rate = 0, long units = 1, long sent = 1, int multiplier = 1, bool international = false, string provider = "test")
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO billing.ft_billing (local_date, template_id, service_id, notification_type, provider, rate_multiplier, international,
                rate, billable_units, notifications_sent)
            VALUES (@day, @template, @service, @type, @provider, @multiplier, @international, @rate, @units, @sent)
            """,
            new { day, template = template.Id, service = template.Service.Id, type = template.Type, provider, multiplier, international, rate, units, sent });
    }

    public async Task RateAsync(decimal rate, Instant validFrom, string type = "sms")
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("INSERT INTO billing.rates (rate, valid_from, notification_type) VALUES (@rate, @valid_from, @type)", new { rate, valid_from = validFrom, type });
    }

    public async Task LimitAsync(Service service, int year, int limit)
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            "INSERT INTO billing.annual_billing (service_id, financial_year_start, free_sms_fragment_limit) VALUES (@id, @year, @limit)",
            new { id = service.Id, year, limit });
    }

    private async Task<Guid> InsertAsync(string table, object row)
    {
        await using var connection = await dataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<Guid>(
            $"""
            INSERT INTO billing.{table} (id, template_id, service_id, notification_type, notification_status, created_at, key_type, sent_by,
                rate_multiplier, international, billable_units)
            VALUES (@id, @template, @service, @type, @status, @created_at, @key_type, @sent_by, @multiplier, @international, @units)
            RETURNING id
            """,
            row);
    }
}

internal static class WorkedExample
{
    /// <summary>Service W: 100 free fragments in 2024, a multiplier of 2 in January, another rate from April on.</summary>
    public static async Task<Template> WorkedExampleAsync(this World world)
    {
        var template = await world.TemplateAsync();
        await world.LimitAsync(template.Service, 2024, 100);
        await world.FactAsync(new LocalDate(2024, 1, 10), template, 0.0150m, units: 60, sent: 60);
        await world.FactAsync(new LocalDate(2024, 1, 20), template, 0.0150m, units: 15, sent: 10, multiplier: 2, international: true);
        await world.FactAsync(new LocalDate(2024, 2, 3), template, 0.0150m, units: 25, sent: 20);
        await world.FactAsync(new LocalDate(2024, 4, 1), template, 0.0200m, units: 40, sent: 40);
        return template;
    }
}
