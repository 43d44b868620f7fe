using System.CommandLine;
using NodaTime;
using Tally.Cli.Rollups;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Accounts;
using Tally.Reporting.Reports;

namespace Tally.Cli.Accounts;

/// <summary><c>tally account</c></summary>
internal static class AccountCommands
{
    public static Noun Create() => new(
        "account", "Accounts and the time zones that their days are cut in.",
        CreateAccount(), Show(), List(), SetTimezone(), SetRollupReads());

    private static Verb CreateAccount()
    {
        var (id, name) = (Inputs.AccountId(), Inputs.Text("--name", "The account's name."));
        return new("create", "Add an account.", [id, name], async (run, token) =>
        {
            var accounts = await run.GetAsync<AccountStore>(token);
            var account = await accounts.CreateAsync(run.Value(id), run.Value(name), token);
            run.Output.WriteOne(AccountRow.Of(account));
            run.Note($"Events of this account are stored, and rolled up once it has a zone: 'tally account set-timezone {account.Id}'.");
        });
    }

    private static Verb Show()
    {
        var id = Inputs.AccountId();
        return new("show", "Show an account.", [id], async (run, token) =>
        {
            var accounts = await run.GetAsync<AccountStore>(token);
            run.Output.WriteOne(AccountRow.Of(await accounts.RequireAsync(run.Value(id), token)));
        });
    }

    private static Verb List() => new("list", "List the accounts.", [], async (run, token) =>
    {
        var accounts = await (await run.GetAsync<AccountStore>(token)).ListAsync(token);
        run.Output.WriteList([.. accounts.Select(AccountRow.Of)]);
        if (accounts.Count == 0) run.Note("There is no account yet. Add one with 'tally account create ID'.");
    });

    private static Verb SetTimezone()
    {
        var id = Inputs.AccountId();
        id.Arity = ArgumentArity.ZeroOrOne;
        var zone = new Argument<string?>("ZONE")
        {
            Description = "An IANA id such as America/New_York. Without it, you pick one by its UTC offset.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var yes = Inputs.Yes();
        return new("set-timezone", "Set the zone that an account's days are cut in, and rebuild its history in it. Exit code 1 if you decline.", [id, zone, yes], async (run, token) =>
        {
            var session = await run.OpenAsync(ServerNeeds.Both, token);
            var accounts = session.Get<AccountStore>();
            var account = await accounts.RequireAsync(run, run.Value(id) is var given and > 0 ? given : null, token);
            run.Note($"Current reporting_timezone of account {account.Id} {account.Name}: {account.ReportingTimezone ?? "(not set)"}");

            var name = TimeZones.Find(run.Value(zone) ?? await new ZonePicker(run).PickAsync(token)).Id;
            if (!await run.ConfirmAsync(yes, $"Update account {account.Id} reporting_timezone to '{name}'?", "Timezone setup cancelled", token)) return ExitCode.No;

            var change = await accounts.SetTimezoneAsync(account.Id, name, token);
            if (change.Backfill is { } request) await new BackfillStart(run, session).StartAsync(request, token);
            run.Output.WriteOne(AccountRow.Of(change.Account));
            run.Note(NextStep(change));
            return ExitCode.Done;
        });
    }

    private static Verb SetRollupReads()
    {
        var id = Inputs.AccountId();
        var reads = ValueKinds.Word("on", "off").Argument("on|off", "on: reports read rollups; off: raw events.");
        var force = Inputs.Flag("--force", "Switch on without verifying.");
        return new("rollup-reads", "Let an account's reports read rollups, once all days verify as right. Exit code 1 if they do not.", [id, reads, force], async (run, token) =>
        {
            var service = await run.GetAsync<RollupOptIn>(token);
            try
            {
                var account = run.Value(reads) == "off"
                    ? await service.DisableAsync(run.Value(id), token)
                    : await run.Progress.RunAsync($"Verifying account {run.Value(id)}", 0, "days", progress =>
                        service.EnableAsync(run.Value(id), run.Value(force), Progress.Of<int>(days => progress.Report(days)), token));
                run.Output.WriteOne(AccountRow.Of(account));
                if (account is { ReportRollup: true, Zone: null }) run.Note($"The account has no reporting timezone, so there are no rollups to read: 'tally account set-timezone {account.Id}'.");
                return ExitCode.Done;
            }
            catch (UnverifiedRollupsException refusal)
            {
                run.Note(refusal.Message);
                return ExitCode.No;
            }
        });
    }

    private static string NextStep(TimezoneChange change) =>
        change.Backfill is { } request
            ? $"Days {Words.Of(request.FromDate)} to {Words.Of(request.ToDate)} are rebuilt in the new zone by request {request.Id}: 'tally rollups progress --account {change.Account.Id}'."
            : change.PreviousTimezone is { } previous && TimeZones.AreSame(previous, change.Account.ReportingTimezone)
                ? "The account had this zone already: nothing changed."
                : "There is nothing to rebuild: the account has no events, or its days are cut alike in this zone. Each event is rolled up as it arrives.";

    /// <summary>An account, as results show it.</summary>
    private sealed record AccountRow(long Id, string Name, string? ReportingTimezone, Instant? TimezoneSetAt, bool ReportRollup, Instant CreatedAt)
    {
        public static AccountRow Of(Account account) => new(
            account.Id, account.Name, account.ReportingTimezone, account.ReportingTimezone is null ? null : account.TimezoneSetAt,
            account.ReportRollup, account.CreatedAt);
    }
}
