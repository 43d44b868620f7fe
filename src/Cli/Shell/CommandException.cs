namespace Tally.Cli.Shell;

/// <summary>A command cannot go on. The message is for a person: what is wrong, where, and what to do.</summary>
internal sealed class CommandException(string message, Exception? innerException = null) : Exception(message, innerException);
