using System.CommandLine;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups show</c></summary>
internal sealed class ShowRollups : TallyCommand
{
    private readonly Option<long?> _account = CommonOptions.Account();
    private readonly Option<LocalDate?> _from = CommonOptions.Date("--from", "First day, in the account's zone.");
    private readonly Option<LocalDate?> _to = CommonOptions.Date("--to", "Last day, included.");

    public ShowRollups()
        : base("show", "Show the rollup rows of an account's days. Sums are seconds.")
    {
        _account.Required = _from.Required = _to.Required = true;
        Add(_account);
        Add(_from);
        Add(_to);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var range = DayRange.Of(context.Value(_from), context.Value(_to));
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var account = await session.Get<AccountStore>().FindAsync(context.Value(_account)!.Value, cancellationToken)
            ?? throw new UnknownAccountException(context.Value(_account)!.Value);
        var rows = await session.Get<RollupReader>().ReadAsync(account.Id, range.From!.Value, range.To!.Value, cancellationToken);
        context.Output.WriteList(rows);
        if (rows.Count == 0) context.Note(account.ReportingTimezone is null
            ? $"Account {account.Id} has no reporting timezone, so nothing is rolled up: 'tally account set-timezone {account.Id}'."
            : "These days have no rollups.");
        return ExitCode.Done;
    }
}

/// <summary>The days that <c>--from</c> and <c>--to</c> name.</summary>
internal readonly record struct DayRange(LocalDate? From, LocalDate? To)
{
    /// <exception cref="CommandException">The first day is after the last.</exception>
    public static DayRange Of(LocalDate? from, LocalDate? to) => from > to
        ? throw new CommandException($"--from {Dates.Format(from.Value)} is after --to {Dates.Format(to.Value)}. Swap them.")
        : new DayRange(from, to);
}
