using System.CommandLine;
using System.CommandLine.Help;

namespace Tally.Cli.Shell;

/// <summary>A command that does something: its name, its help, what it takes, and its work.</summary>
internal sealed class Verb : Command
{
    private readonly Func<CommandContext, CancellationToken, Task<ExitCode>> _work;

    /// <param name="name">As it is typed.</param>
    /// <param name="description">What it does, and what exit code 1 means if it has one.</param>
    /// <param name="takes">Arguments, in their order, and options.</param>
    /// <param name="work">Throws <see cref="CommandException"/> for what the user can put right.</param>
    public Verb(string name, string description, IReadOnlyList<Symbol> takes, Func<CommandContext, CancellationToken, Task<ExitCode>> work)
        : base(name, description)
    {
        _work = work;
        foreach (var argument in takes.OfType<Argument>()) Add(argument);
        foreach (var option in takes.OfType<Option>()) Add(option);
    }

    /// <summary>One that is done when its work ends.</summary>
    public Verb(string name, string description, IReadOnlyList<Symbol> takes, Func<CommandContext, CancellationToken, Task> work)
        : this(name, description, takes, async (run, token) =>
        {
            await work(run, token);
            return ExitCode.Done;
        })
    {
    }

    /// <summary>Whether it can write its result as a page to share.</summary>
    public bool DrawsPage { get; init; }

    public Task<ExitCode> RunAsync(CommandContext run, CancellationToken cancellationToken) => _work(run, cancellationToken);
}

/// <summary>What verbs are about; without one of them it shows its help.</summary>
internal sealed class Noun : Command
{
    public Noun(string name, string description, params IReadOnlyList<Command> commands)
        : base(name, description)
    {
        foreach (var command in commands) Add(command);
        SetAction(ShowHelp);
    }

    // As an action of its own HelpAction would also hide a mistyped command.
    public static int ShowHelp(ParseResult parsed) => new HelpAction().Invoke(parsed);
}
