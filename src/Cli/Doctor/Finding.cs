namespace Tally.Cli.Doctor;

/// <summary>How a check turned out.</summary>
internal enum Status
{
    Ok,

    /// <summary>It works, and somebody should look.</summary>
    Warning,

    /// <summary>Something will not work.</summary>
    Failed,
}

/// <summary>What a check found, and what to do about it.</summary>
internal sealed record Finding(string Check, Status Status, string Detail);
