namespace LocalRuntime.Discovery;

/// <summary>The functions cannot run as they are declared or configured; the message lists every problem.</summary>
/// <param name="problems">One sentence for each problem.</param>
public sealed class FunctionDiscoveryException(IReadOnlyList<string> problems)
    : Exception($"The functions cannot run:{string.Concat(problems.Select(problem => $"{Environment.NewLine}- {problem}"))}")
{
    /// <summary>One sentence for each problem.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
