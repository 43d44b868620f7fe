namespace Tally;

/// <summary>
/// Something that an operator can mend: the message says what is wrong, where, and what to do. Trying again without that
/// changes nothing, so a queue message that fails with one is not tried again within its invocation.
/// </summary>
internal abstract class OperatorException(string message, Exception? innerException = null) : Exception(message, innerException);
