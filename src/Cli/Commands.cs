using System.CommandLine;
using Tally.Cli.Accounts;
using Tally.Cli.Counts;
using Tally.Cli.Billing;
using Tally.Cli.Dashboard;
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
            Options = { Inputs.Output, Inputs.Raw, Inputs.Verbose },
            Subcommands =
            {
                RunDemo.Create(),
                RunUp.Create(),
                DashboardCommand.Create(),
                DatabaseCommands.Create(),
                AccountCommands.Create(),
                EventCommands.Create(),
                RollupCommands.Create(),
                CountCommands.Create(),
                BillingCommands.Create(),
                QueueCommands.Create(),
                RunDoctor.Create(),
            },
        };
        root.SetAction(Noun.ShowHelp);
        return root;
    }
}
