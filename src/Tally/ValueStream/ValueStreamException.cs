namespace Tally.ValueStream;

/// <summary>A request that cannot be met; the message says why and what to do.</summary>
internal sealed class ValueStreamException(string message) : OperatorException(message);
