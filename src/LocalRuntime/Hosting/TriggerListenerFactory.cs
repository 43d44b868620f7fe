using LocalRuntime.Configuration;
using LocalRuntime.Discovery;
using LocalRuntime.Invocation;
using LocalRuntime.QueueTriggers;
using LocalRuntime.Timers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LocalRuntime.Hosting;

/// <summary>Puts a function's listener together.</summary>
internal sealed class TriggerListenerFactory(
    QueueServices services, QueueWakeUps wakeUps, FunctionInvoker invoker, TimerRun timerRun, TimerState timerState,
    HostSettings settings, IOptions<LocalRuntimeOptions> options, TimeProvider clock, ILoggerFactory loggers)
{
    /// <exception cref="StartupException">A setting that the listener needs cannot be used; the message names it.</exception>
    public ITriggerListener Create(FunctionDescriptor function) => function.Trigger switch
    {
        QueueTriggerDescriptor queue => ForQueue(function, queue),
        TimerTriggerDescriptor timer => ForTimer(function, timer),
        _ => throw new NotSupportedException($"{function.Trigger.GetType().Name} has no listener."),
    };

    private QueueListener ForQueue(FunctionDescriptor function, QueueTriggerDescriptor trigger)
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

    private TimerListener ForTimer(FunctionDescriptor function, TimerTriggerDescriptor trigger)
    {
        timerState.EnsureExists();
        return new TimerListener(function, trigger, timerRun, timerState, clock, loggers.CreateLogger<TimerListener>());
    }
}
