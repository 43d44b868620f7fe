namespace LocalRuntime.Invocation;

/// <summary>A function's parameters could not be filled; it was not called. The message names the parameters and holds no payload.</summary>
/// <param name="message">Which parameters and why.</param>
/// <param name="innerException">The conversion's fault.</param>
public sealed class FunctionInputException(string message, Exception? innerException = null) : Exception(message, innerException);
