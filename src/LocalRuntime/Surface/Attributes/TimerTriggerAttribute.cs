using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function on a schedule, in UTC.</summary>
public sealed class TimerTriggerAttribute : TriggerBindingAttribute
{
    /// <param name="schedule">A six-field NCRONTAB expression (seconds first), a <see cref="TimeSpan"/>, or <c>%Setting%</c>.</param>
    public TimerTriggerAttribute(string schedule)
    {
        Schedule = schedule;
        UseMonitor = true;
    }

    /// <summary>The schedule as declared.</summary>
    public string Schedule { get; private set; }

    /// <summary>Whether the schedule's progress is recorded, so that a missed run is made up for. True by default.</summary>
    public bool UseMonitor { get; set; }

    /// <summary>Whether the function runs at every start of the host too.</summary>
    public bool RunOnStartup { get; set; }
}
