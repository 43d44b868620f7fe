namespace Tally.ValueStream;

/// <summary>A request that cannot be met; the message says why and what to do.</summary>
public sealed class ValueStreamException(string message) : OperatorException(message);
