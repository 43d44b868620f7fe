using System.CommandLine;

namespace Tally.Cli.Shell;

/// <summary>A command that does something. Its constructor adds its arguments and options.</summary>
internal abstract class TallyCommand(string name, string description) : Command(name, description)
{
    /// <summary>Does it. Throw <see cref="CommandException"/> for what the user can put right.</summary>
    public abstract Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken);
}
