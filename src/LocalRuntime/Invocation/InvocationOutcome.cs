namespace LocalRuntime.Invocation;

/// <summary>How an invocation ended.</summary>
/// <param name="InvocationId">Identifies it.</param>
/// <param name="Failure">Why it failed; null when it succeeded and its outputs are written.</param>
internal sealed record InvocationOutcome(string InvocationId, Exception? Failure)
{
    public bool Succeeded => Failure is null;
}
