namespace LocalServices;

/// <summary>The local servers cannot run. The message is for a person: what is wrong, where, and what to do.</summary>
public sealed class LocalServersException(string message, Exception? innerException = null) : Exception(message, innerException);
