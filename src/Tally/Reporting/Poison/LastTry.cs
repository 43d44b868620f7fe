using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Tally.Reporting.Poison;

/// <summary>A message as its queue delivers it.</summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="MessageId">Its id in the queue.</param>
/// <param name="Body">As it came.</param>
/// <param name="Tries">How often it was delivered, this time included; 1 or more.</param>
internal sealed record Delivery(string Queue, string MessageId, byte[] Body, long Tries);

/// <summary>
/// Keeps a message's last try on record: before it begins, so that even a process that is killed leaves the text; and with
/// its reason when it fails. The host puts the message into the poison queue all the same.
/// </summary>
public sealed class LastTry
{
    private readonly PoisonLog _poison;
    private readonly ILogger<LastTry> _logger;
    private readonly int _tries;

    /// <param name="poison">The record.</param>
    /// <param name="tries">The host's <c>maxDequeueCount</c>.</param>
    /// <param name="logger">Told what could not be recorded.</param>
    internal LastTry(PoisonLog poison, int tries, ILogger<LastTry> logger) => (_poison, _tries, _logger) = (poison, tries, logger);

    /// <summary>Does the work of a delivery.</summary>
    /// <exception cref="Exception">What the work threw, whether it could be recorded or not.</exception>
    internal async Task<T> RunAsync<T>(Delivery delivery, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        if (delivery.Tries < _tries) return await work(cancellationToken);

        await RecordAsync(delivery, "The process ended during the last try.", cancellationToken);
        try
        {
            var result = await work(cancellationToken);
            await TryAsync(delivery, token => _poison.RemoveAsync(delivery.Queue, delivery.MessageId, token), cancellationToken);
            return result;
        }
        catch (Exception failure)
        {
            // Cancelled or not: the try was the last.
            await RecordAsync(delivery, Describe(failure), CancellationToken.None);
            throw;
        }
    }

    /// <summary>How often the host of <paramref name="hostJsonPath"/> delivers a message; 5 unless it says so.</summary>
    internal static int ReadTries(string hostJsonPath)
    {
        const int HostsDefault = 5;
        if (!File.Exists(hostJsonPath)) return HostsDefault;
        using var host = JsonDocument.Parse(File.ReadAllText(hostJsonPath), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return host.RootElement.TryGetProperty("extensions", out var extensions) && extensions.TryGetProperty("queues", out var queues)
            && queues.TryGetProperty("maxDequeueCount", out var tries) ? tries.GetInt32() : HostsDefault;
    }

    // Messages of the driver and of the server quote no values unless asked to; ours name fields.
    private static string Describe(Exception failure) => failure switch
    {
        OperationCanceledException => "The last try was cancelled: it took longer than functionTimeout, or the host stopped.",
        PostgresException refusal => $"The database refused: {refusal.MessageText} ({refusal.SqlState}). {Database.Outage.Advise(refusal)}",
        _ => failure.Message,
    };

    private Task RecordAsync(Delivery delivery, string reason, CancellationToken cancellationToken) =>
        TryAsync(delivery, token => _poison.RecordAsync(delivery.Queue, delivery.MessageId, delivery.Body, delivery.Tries, reason, token), cancellationToken);

    private async Task TryAsync(Delivery delivery, Func<CancellationToken, Task> record, CancellationToken cancellationToken)
    {
        try
        {
            await record(cancellationToken);
        }
#pragma warning disable CA1031 // What becomes of the message does not depend on its record.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.FailureNotRecorded(_logger, $"message {delivery.MessageId} of {delivery.Queue}", exception);
        }
    }
}
