namespace LocalRuntime.Invocation;

/// <summary>An invocation took longer than host.json <c>functionTimeout</c>; whatever it returns later does not count.</summary>
/// <param name="functionName">The function.</param>
/// <param name="timeout">The limit.</param>
public sealed class FunctionTimeoutException(string functionName, TimeSpan timeout)
    : Exception($"Function {functionName} ran into functionTimeout ({timeout:c}) of host.json.");
