using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Scheduling;

namespace Tally.Billing.Thresholds;

/// <summary>Puts recorded thresholds on the queue <see cref="QueueNames.BillingAlerts"/>.</summary>
/// <remarks>
/// An alert is put first and then marked: a crash between the two, or two workers at once, send it twice under the same
/// id, and nothing loses it.
/// </remarks>
internal sealed class AlertSender(NpgsqlDataSource dataSource, IMessageSender sender, IClock clock, IOptions<BillingOptions> options, ILogger<AlertSender> logger)
{
    private const string Unsent = """
        /* tally:billing.unsent_alerts */
        SELECT id, service_id, financial_year_start, percent, free_sms_fragment_limit, chargeable_units, crossed_at
        FROM billing.usage_thresholds
        WHERE sent_at IS NULL
        ORDER BY crossed_at, service_id, percent
        """;

    private const string Mark = "/* tally:billing.mark_alert */ UPDATE billing.usage_thresholds SET sent_at = @now WHERE id = @id";

    /// <summary>Sends what is unsent, the oldest first. What fails stays for the next time.</summary>
    /// <returns>How many were sent.</returns>
    public async Task<int> SendAsync(CancellationToken cancellationToken)
    {
        var alerts = await UnsentAsync(cancellationToken);
        foreach (var alert in alerts)
        {
            await sender.SendAsync(QueueNames.BillingAlerts, MessageJson.Serialize(alert), cancellationToken);
            // It is told now, whoever cancels.
            await MarkAsync(alert, CancellationToken.None);
        }

        if (alerts.Count > 0) Log.AlertsSent(logger, alerts.Count);
        return alerts.Count;
    }

    private async Task<IReadOnlyList<UsageAlert>> UnsentAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QueryWithinAsync<UsageAlert>(options.Value.StatementTimeout, Unsent, null, cancellationToken);
    }

    private async Task MarkAsync(UsageAlert alert, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteWithinAsync(TimeBoxes.Uncancelled, Mark, new { id = alert.Id, now = clock.GetCurrentInstant() }, cancellationToken);
    }
}
