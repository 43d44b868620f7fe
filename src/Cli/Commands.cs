using System.CommandLine;
using System.CommandLine.Help;
using Tally.Cli.Accounts;
using Tally.Cli.Counts;
using Tally.Cli.Billing;
using Tally.Cli.Database;
using Tally.Cli.Demo;
using Tally.Cli.Doctor;
using Tally.Cli.Events;
using Tally.Cli.Queues;
using Tally.Cli.Rollups;
using Tally.Cli.Shell;
using Tally.Cli.Up;

namespace Tally.Cli;

/// <summary>Every command, in the order of <c>tally --help</c>.</summary>
internal static class Commands
{
    public static RootCommand CreateRoot()
    {
        var root = new RootCommand("Tally keeps derived numbers right: reporting rollups, value stream counts, billing facts.")
        {
            HelpName = "tally",
            Options = { CommonOptions.Output, CommonOptions.Verbose },
            Subcommands =
            {
                new RunDemo(),
                new RunUp(),
                DatabaseCommands.Create(),
                AccountCommands.Create(),
                EventCommands.Create(),
                RollupCommands.Create(),
                CountCommands.Create(),
                BillingCommands.Create(),
                QueueCommands.Create(),
                new RunDoctor(),
            },
        };
        root.SetAction(ShowHelp);
        return root;
    }

    /// <summary>A group of commands; without one of them it shows its help.</summary>
    public static Command Group(string name, string description, params TallyCommand[] commands)
    {
        var group = new Command(name, description);
        foreach (var command in commands) group.Add(command);
        group.SetAction(ShowHelp);
        return group;
    }

    // As an action of its own HelpAction would also hide a mistyped command.
    private static int ShowHelp(ParseResult parsed) => new HelpAction().Invoke(parsed);
}
