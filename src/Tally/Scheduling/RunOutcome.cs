namespace Tally.Scheduling;

/// <summary>How one time-boxed run ended. A cancelled or failed run throws instead.</summary>
internal enum RunOutcome
{
    /// <summary>All that was due is done.</summary>
    Completed,

    /// <summary>The time box closed first; the position is saved and the next run goes on from there.</summary>
    TimeUp,

    /// <summary>What is still due is being worked on by someone else.</summary>
    LeaseHeldElsewhere,

    /// <summary>There was no work.</summary>
    NothingDue,
}
