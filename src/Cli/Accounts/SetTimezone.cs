using System.CommandLine;
using Tally.Cli.Rollups;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;

namespace Tally.Cli.Accounts;

/// <summary><c>tally account set-timezone</c></summary>
internal sealed class SetTimezone : TallyCommand
{
    private readonly Argument<long> _id = CommonOptions.AccountId();
    private readonly Argument<string?> _zone = new("ZONE")
    {
        Description = "An IANA id such as America/New_York. Without it, you pick one by its UTC offset.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _yes = CommonOptions.Yes();

    public SetTimezone()
        : base("set-timezone", "Set the zone that an account's days are cut in, and rebuild its history in it. Exit code 1 if you decline.")
    {
        _id.Arity = ArgumentArity.ZeroOrOne;
        Add(_id);
        Add(_zone);
        Add(_yes);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Both, cancellationToken);
        var accounts = session.Get<AccountStore>();
        var account = await AccountQuestion.AskAsync(context, context.Value(_id) is var id and > 0 ? id : null, accounts, cancellationToken);
        context.Note($"Current reporting_timezone of account {account.Id} {account.Name}: {account.ReportingTimezone ?? "(not set)"}");

        var zone = TimeZones.Find(context.Value(_zone) ?? await new ZonePicker(context).PickAsync(cancellationToken)).Id;
        if (!context.Value(_yes) && !await context.Prompts.ConfirmAsync($"Update account {account.Id} reporting_timezone to '{zone}'?", cancellationToken))
        {
            context.Note("Timezone setup cancelled. Answer y, or use --yes.");
            return ExitCode.No;
        }

        var change = await accounts.SetTimezoneAsync(account.Id, zone, cancellationToken);
        if (change.Backfill is { } request) await new BackfillStart(context, session).StartAsync(request, cancellationToken);
        context.Output.WriteOne(AccountRow.Of(change.Account));
        NoteNextSteps(context, change);
        return ExitCode.Done;
    }

    private static void NoteNextSteps(CommandContext context, TimezoneChange change)
    {
        if (change.PreviousTimezone is { } previous && TimeZones.AreSame(previous, change.Account.ReportingTimezone) && change.Backfill is null)
            context.Note("The account had this zone already: nothing changed.");
        else if (change.Backfill is { } request)
            context.Note($"Days {Dates.Format(request.FromDate)} to {Dates.Format(request.ToDate)} are rebuilt in the new zone by request {request.Id}: 'tally rollups progress --account {change.Account.Id}'.");
        else
            context.Note("The account has no events yet: from now on each is rolled up as it arrives.");
    }
}
