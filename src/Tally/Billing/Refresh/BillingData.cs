using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Billing.Refresh;

/// <summary>What one price group of a day's notifications bills, before any rate.</summary>
internal sealed record BillingData
{
    public required Guid TemplateId { get; init; }
    public required Guid ServiceId { get; init; }
    public required string NotificationType { get; init; }
    public required string SentBy { get; init; }
    public required int RateMultiplier { get; init; }
    public required bool International { get; init; }

    /// <summary>SMS fragments; 0 for email.</summary>
    public required long BillableUnits { get; init; }
    public required long NotificationsSent { get; init; }
}

/// <summary>Collects what a day's notifications bill, without writing it.</summary>
internal sealed class BillingDataReader(NpgsqlDataSource dataSource)
{
    private const string Permitted = """
        WHERE EXISTS (SELECT FROM billing.service_permissions granted
                      WHERE granted.service_id = collected.service_id AND granted.permission = collected.notification_type)
        """;

    /// <summary>The day's price groups, per service SMS before email.</summary>
    /// <param name="day">The UTC day.</param>
    /// <param name="serviceId">Only this service; null for all.</param>
    /// <param name="checkPermissions">Only the message types that the service is permitted to send.</param>
    public async Task<IReadOnlyList<BillingData>> FetchAsync(LocalDate day, Guid? serviceId, bool checkPermissions, CancellationToken cancellationToken)
    {
        var sql = $"""
            /* tally:billing.collect_day */
            SELECT template_id, service_id, notification_type, provider AS sent_by, rate_multiplier, international,
                   billable_units, notifications_sent
            FROM ({(serviceId is null ? BilledSql.AllServices : BilledSql.SomeServices)}) collected
            {(checkPermissions ? Permitted : "")}
            ORDER BY service_id, notification_type DESC, template_id, provider, rate_multiplier, international
            """;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        Guid[] services = serviceId is null ? [] : [serviceId.Value];
        return [.. await connection.QueryAsync<BillingData>(new CommandDefinition(
            sql, new { from = day.StartUtc(), to = day.EndUtc(), services }, cancellationToken: cancellationToken))];
    }
}
