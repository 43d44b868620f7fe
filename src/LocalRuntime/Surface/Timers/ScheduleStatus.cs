namespace Microsoft.Azure.Functions.Worker;

/// <summary>The recorded progress of a schedule; all times are UTC.</summary>
public class ScheduleStatus
{
    /// <summary>The last run; the default value before the first one.</summary>
    public DateTime Last { get; set; }

    /// <summary>The next run that is due.</summary>
    public DateTime Next { get; set; }

    /// <summary>When this record was written.</summary>
    public DateTime LastUpdated { get; set; }
}
