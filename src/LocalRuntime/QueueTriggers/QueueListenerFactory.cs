using LocalRuntime.Configuration;
using LocalRuntime.Discovery;
using LocalRuntime.Invocation;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LocalRuntime.QueueTriggers;

/// <summary>Puts a function's listener together.</summary>
internal sealed class QueueListenerFactory(
    QueueServices services, QueueWakeUps wakeUps, FunctionInvoker invoker, HostSettings settings, IOptions<LocalRuntimeOptions> options,
    TimeProvider clock, ILoggerFactory loggers)
{
    public QueueListener Create(FunctionDescriptor function, QueueTriggerDescriptor trigger)
    {
        var logger = loggers.CreateLogger<QueueListener>();
        var service = services.Get(trigger.Connection);
        var queue = service.GetQueue(trigger.QueueName, settings.Queues.MessageEncoding);
        var poison = PoisonQueue.Of(trigger.QueueName, service, wakeUps, logger);
        var invisibility = options.Value.InvisibilityTimeout;
        var processor = new QueueMessageProcessor(function, queue, poison, invoker, settings.Queues, invisibility, clock, logger);
        var listener = new QueueListener(function, queue, processor, settings.Queues, invisibility, clock, logger);
        wakeUps.Register(queue.Uri, listener.WakeUp);
        return listener;
    }
}
