namespace LocalHost;

/// <summary>What this host cannot do, or how a function or its worker failed; the message says so to a person.</summary>
internal sealed class HostException(string message, Exception? inner = null) : Exception(message, inner);
