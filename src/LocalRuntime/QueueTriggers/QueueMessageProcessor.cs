using System.Collections.Concurrent;
using LocalRuntime.Configuration;
using LocalRuntime.Discovery;
using LocalRuntime.Invocation;
using LocalRuntime.Queues;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.QueueTriggers;

/// <summary>What becomes of one received message: deleted, tried again later, or poisoned.</summary>
internal sealed class QueueMessageProcessor(
    FunctionDescriptor function, QueueClient queue, PoisonQueue? poison, FunctionInvoker invoker, QueueSettings settings,
    TimeSpan invisibility, TimeProvider clock, ILogger logger)
{
    private readonly ConcurrentDictionary<QueueMessage, VisibilityRenewal> _running = new(ReferenceEqualityComparer.Instance);
    private readonly bool _bindsText = !ArgumentBinder.IsBinary(function.TriggerParameter.ParameterType);

    /// <summary>Runs the function for the message and settles it. Never throws: a message that could not be settled comes back by itself.</summary>
    public async Task ProcessAsync(QueueMessage message, CancellationToken stopping)
    {
        try
        {
            if (UnfitToRun(message) is { } unfit)
            {
                await PoisonAsync(message, message.PopReceipt!, unfit);
                return;
            }

            var renewal = _running[message] = new VisibilityRenewal(queue, message, invisibility, clock, logger);
            var outcome = await invoker.InvokeAsync(function, QueueTriggerEvent.From(message, queue.Name, _bindsText), stopping);
            await SettleAsync(message, await renewal.StopAsync(), outcome);
        }
        catch (QueueStorageException exception)
        {
            Log.MessageNotSettled(logger, exception, message.Id, queue.Name);
        }
        finally
        {
            _running.TryRemove(message, out _);
        }
    }

    /// <summary>Runs the function for a text that is in no queue.</summary>
    public Task RunOnceAsync(string text, CancellationToken stopping) =>
        invoker.InvokeAsync(function, QueueTriggerEvent.FromText(text, clock.GetUtcNow(), _bindsText), stopping);

    /// <summary>Makes the messages visible at once whose functions have not ended: the host cannot wait any longer.</summary>
    public Task ReleaseUnfinishedAsync() => Task.WhenAll(_running.Select(async running =>
    {
        Log.MessageUnfinished(logger, running.Key.Id, function.Name, queue.Name);
        await ReleaseAsync(running.Key, await running.Value.StopAsync());
    }));

    /// <summary>Makes a message visible at once that the host received and will not work on.</summary>
    public async Task ReleaseAsync(QueueMessage message, string popReceipt)
    {
        try
        {
            await queue.UpdateAsync(message.Id, popReceipt, TimeSpan.Zero);
        }
        catch (QueueStorageException exception)
        {
            Log.MessageNotSettled(logger, exception, message.Id, queue.Name);
        }
    }

    private string? UnfitToRun(QueueMessage message)
    {
        if (!message.IsDecodable) return "it is not Base64; either its sender or messageEncoding in host.json is wrong";
        return message.DequeueCount > settings.MaxDequeueCount ? $"all {settings.MaxDequeueCount} tries are used up" : null;
    }

    private async Task SettleAsync(QueueMessage message, string popReceipt, InvocationOutcome outcome)
    {
        if (outcome.Failure is not { } failure)
        {
            await DeleteAsync(message, popReceipt);
        }
        else if (message.DequeueCount >= settings.MaxDequeueCount)
        {
            await PoisonAsync(message, popReceipt, $"try {message.DequeueCount} of {settings.MaxDequeueCount} failed with {failure.GetType().Name}: {failure.Message}");
        }
        else
        {
            await queue.UpdateAsync(message.Id, popReceipt, settings.VisibilityTimeout);
        }
    }

    private async Task PoisonAsync(QueueMessage message, string popReceipt, string reason)
    {
        if (poison is null)
        {
            // As in the host: hidden until its time is over, then looked at again, until the queue drops it.
            Log.MessageWithoutPoisonQueue(logger, message.Id, message.DequeueCount, queue.Name, reason);
            return;
        }

        await poison.AddAsync(message, reason);
        await DeleteAsync(message, popReceipt);
    }

    private async Task DeleteAsync(QueueMessage message, string popReceipt)
    {
        try
        {
            await queue.DeleteMessageAsync(message.Id, popReceipt);
        }
        catch (QueueStorageException exception) when (exception.Status == 404 || exception.ErrorCode == "PopReceiptMismatch")
        {
            // Somebody else has it now and will work on it again: at least once is what a queue promises.
            Log.MessageLost(logger, exception, message.Id, queue.Name);
        }
    }
}
