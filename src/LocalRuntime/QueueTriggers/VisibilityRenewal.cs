using LocalRuntime.Queues;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.QueueTriggers;

/// <summary>
/// Keeps a message hidden while its function runs: every half of the invisibility it is extended by the whole. The receipt
/// changes with each extension; <see cref="StopAsync"/> hands out the last one.
/// </summary>
internal sealed class VisibilityRenewal
{
    private readonly QueueClient _queue;
    private readonly QueueMessage _message;
    private readonly TimeSpan _invisibility;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _stop = new();
    private readonly Task _running;
    private string _popReceipt;

    public VisibilityRenewal(QueueClient queue, QueueMessage message, TimeSpan invisibility, TimeProvider clock, ILogger logger)
    {
        _queue = queue;
        _message = message;
        _invisibility = invisibility;
        _clock = clock;
        _logger = logger;
        _popReceipt = message.PopReceipt!;
        _running = RenewAsync();
    }

    /// <summary>Ends the renewal and returns the receipt that is valid now.</summary>
    public async Task<string> StopAsync()
    {
        _stop.TrySetResult();
        await _running;
        return _popReceipt;
    }

    private async Task RenewAsync()
    {
        var pause = _invisibility / 2;
        while (true)
        {
            if (await StoppedWithinAsync(pause)) return;
            try
            {
                // Not cancelled half-way: the receipt of an extension that did happen must be known.
                var receipt = await _queue.UpdateAsync(_message.Id, _popReceipt, _invisibility, cancellationToken: CancellationToken.None);
                _popReceipt = receipt.PopReceipt;
                pause = _invisibility / 2;
                Log.VisibilityRenewed(_logger, _message.Id, _queue.Name, _invisibility);
            }
            catch (QueueStorageException exception) when (exception.IsTransient)
            {
                // Half of the invisibility is left: several more attempts fit into it.
                pause = _invisibility / 10;
                Log.VisibilityNotRenewed(_logger, exception, _message.Id, _queue.Name);
            }
            catch (QueueStorageException exception)
            {
                Log.MessageLost(_logger, exception, _message.Id, _queue.Name);
                return;
            }
        }
    }

    private async Task<bool> StoppedWithinAsync(TimeSpan pause)
    {
        using var delay = new CancellationTokenSource();
        await Task.WhenAny(_stop.Task, Task.Delay(pause, _clock, delay.Token));
        await delay.CancelAsync();
        return _stop.Task.IsCompleted;
    }
}
