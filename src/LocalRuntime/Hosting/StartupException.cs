namespace LocalRuntime.Hosting;

/// <summary>The function app cannot start as it is declared or configured; the message lists every problem and what to do.</summary>
/// <param name="problems">One sentence for each problem.</param>
public sealed class StartupException(IReadOnlyList<string> problems) : Exception(Describe(problems))
{
    /// <summary>One problem.</summary>
    public StartupException(string problem)
        : this([problem])
    {
    }

    /// <summary>One sentence for each problem.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;

    /// <summary>Empty: the fault is in a declaration or a setting, and the frames that noticed it would bury the message.</summary>
    public override string? StackTrace => null;

    private static string Describe(IReadOnlyList<string> problems) => problems is [var only]
        ? $"The function app cannot start. {only}"
        : $"The function app cannot start:{string.Concat(problems.Select(problem => $"{Environment.NewLine}- {problem}"))}";
}
