using LocalRuntime.Configuration;
using LocalRuntime.Discovery;
using LocalRuntime.Hosting;
using LocalRuntime.Invocation;
using LocalRuntime.Queues;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.QueueTriggers;

/// <summary>
/// Receives a queue's messages for one function: a batch whenever no more than the threshold is in work, and pauses that
/// grow while there is nothing.
/// </summary>
internal sealed class QueueListener(
    FunctionDescriptor function, QueueClient queue, QueueMessageProcessor processor, QueueSettings settings, TimeSpan invisibility,
    TimeProvider clock, ILogger logger) : ITriggerListener
{
    private readonly WorkInProgress _work = new();
    private readonly PollSignal _signal = new(clock);
    private QueueBackoff _backoff = new(QueueBackoff.HostMinimum, settings.MaxPollingInterval);
    private bool _reachable = true;

    /// <summary>Ends the current pause: there is a message.</summary>
    public void WakeUp() => _signal.Set();

    public async Task RunAsync(CancellationToken stopping)
    {
        Log.ListenerStarted(logger, function.Name, queue.Name);
        while (!stopping.IsCancellationRequested)
        {
            var messages = await ReceiveAsync();
            if (stopping.IsCancellationRequested)
            {
                await Task.WhenAll(messages.Select(message => processor.ReleaseAsync(message, message.PopReceipt!)));
                break;
            }

            foreach (var message in messages) _work.Add(processor.ProcessAsync(message, stopping));

            _backoff = _backoff.Next(messages.Count > 0, Random.Shared.NextDouble());
            if (messages.Count == 0) await _signal.WaitAsync(_backoff.Pause, stopping);
            else await _work.WaitForAsync(settings.NewBatchThreshold, CancellationToken.None);
        }

        await _work.WaitForAsync(0, CancellationToken.None);
        Log.ListenerStopped(logger, function.Name, queue.Name);
    }

    public Task RunOnceAsync(string? input, CancellationToken stopping) => processor.RunOnceAsync(input ?? "", stopping);

    public Task ReleaseUnfinishedAsync() => processor.ReleaseUnfinishedAsync();

    // Never cancelled half-way: messages that the service has handed out and nobody knows of would stay hidden.
    private async Task<IReadOnlyList<QueueMessage>> ReceiveAsync()
    {
        try
        {
            var messages = await queue.GetAsync(settings.BatchSize, invisibility, CancellationToken.None);
            if (!_reachable) Log.QueueReachable(logger, queue.Name);
            _reachable = true;
            return messages;
        }
        catch (QueueStorageException exception) when (exception.Status == 404)
        {
            // Nobody has sent anything yet; the first sender creates the queue.
            return [];
        }
        catch (QueueStorageException exception)
        {
            if (_reachable) Log.QueueUnreachable(logger, exception, function.Name, queue.Name);
            _reachable = false;
            return [];
        }
    }
}
