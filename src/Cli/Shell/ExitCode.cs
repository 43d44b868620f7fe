namespace Tally.Cli.Shell;

/// <summary>How a command ended.</summary>
internal enum ExitCode
{
    /// <summary>It did what it was asked, or the answer is yes.</summary>
    Done = 0,

    /// <summary>The answer is no: something differs, is pending, was declined.</summary>
    No = 1,

    /// <summary>It could not do it; standard error says why.</summary>
    Error = 2,
}
