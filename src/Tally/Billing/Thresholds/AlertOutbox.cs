using Dapper;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Tally.Billing.Thresholds;

/// <summary>Hands recorded thresholds to a caller that delivers them after it has returned.</summary>
/// <remarks>
/// The host writes a function's output after the function has ended, and tells nobody whether it could. So an alert
/// counts as sent only when the worker process to which it was handed asks again: it outlived the delivery. Alerts of a
/// worker that never came back are handed to the next one, under the same id. Every alert is therefore delivered at
/// least once, and twice only after a crash or a move of the schedule to another worker.
/// </remarks>
internal sealed class AlertOutbox(NpgsqlDataSource dataSource, IClock clock, ILogger<AlertOutbox> logger, string worker)
{
    private const string Confirm = """
        /* tally:billing.confirm_alerts */
        UPDATE billing.usage_thresholds SET sent_at = @now WHERE sent_at IS NULL AND handed_over_by = @worker
        """;

    private const string HandOver = """
        /* tally:billing.hand_over_alerts */
        UPDATE billing.usage_thresholds SET handed_over_by = @worker, handed_over_at = @now
        WHERE sent_at IS NULL
        RETURNING id, service_id, financial_year_start, percent, free_sms_fragment_limit, chargeable_units, crossed_at
        """;

    /// <summary>Confirms what this worker was handed before, and takes what is unsent.</summary>
    public async Task<IReadOnlyList<UsageAlert>> HandOverAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var parameters = new { worker, now = clock.GetCurrentInstant() };
        await connection.ExecuteAsync(new CommandDefinition(Confirm, parameters, transaction, cancellationToken: cancellationToken));
        var alerts = (await connection.QueryAsync<UsageAlert>(new CommandDefinition(HandOver, parameters, transaction, cancellationToken: cancellationToken)))
            .OrderBy(alert => alert.CrossedAt).ThenBy(alert => alert.ServiceId).ThenBy(alert => alert.Percent)
            .ToList();
        await transaction.CommitAsync(cancellationToken);
        if (alerts.Count > 0) Log.AlertsHandedOver(logger, alerts.Count);
        return alerts;
    }

    /// <summary>Confirms what this worker was handed.</summary>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(Confirm, new { worker, now = clock.GetCurrentInstant() }, cancellationToken: cancellationToken));
    }
}
