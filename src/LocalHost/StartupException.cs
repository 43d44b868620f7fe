namespace LocalHost;

/// <summary>The host cannot run; the message says what is wrong and what to do, for a person.</summary>
internal sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
