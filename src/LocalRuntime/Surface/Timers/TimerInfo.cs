namespace Microsoft.Azure.Functions.Worker;

/// <summary>What a timer-triggered function learns of its schedule.</summary>
public class TimerInfo
{
    /// <summary>Where the schedule stands; null when it is not monitored or fires more than once a minute.</summary>
    public ScheduleStatus? ScheduleStatus { get; set; }

    /// <summary>Whether this run makes up for one that was due while no host ran.</summary>
    public bool IsPastDue { get; set; }
}
