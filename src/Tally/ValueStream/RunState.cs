namespace Tally.ValueStream;

/// <summary>How the run of a group in a month stands.</summary>
internal enum RunState
{
    /// <summary>No turn yet.</summary>
    Waiting,

    /// <summary>A worker is at it.</summary>
    Running,

    /// <summary>Begun; the next turn goes on from its position.</summary>
    Paused,

    /// <summary>Given up after too many failures in a row; reset it to try again.</summary>
    Failed,

    /// <summary>Every namespace of the tree has every metric.</summary>
    Complete,
}

internal static class RunStates
{
    /// <summary>The name of the <see cref="RunState"/> of a row <c>runs</c>; null without a row.</summary>
    public const string Sql = """
        CASE
                WHEN runs.period_month IS NULL THEN NULL
                WHEN runs.finished_at IS NOT NULL THEN 'Complete'
                WHEN runs.failed_at IS NOT NULL THEN 'Failed'
                WHEN runs.lease_until > clock_timestamp() THEN 'Running'
                WHEN runs.started_at IS NOT NULL THEN 'Paused'
                ELSE 'Waiting'
            END
        """;
}
