using System.CommandLine;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups verify</c></summary>
internal sealed class VerifyRollups : TallyCommand
{
    private readonly Option<long?> _account = CommonOptions.Account("The account's number; by default every account that has a zone.");
    private readonly Option<LocalDate?> _from = CommonOptions.Date("--from", "First day; by default the first that has an event or a rollup.");
    private readonly Option<LocalDate?> _to = CommonOptions.Date("--to", "Last day; by default the last that has an event or a rollup.");

    public VerifyRollups()
        : base("verify", "Hold rollups against the raw events. Exit code 1, and the rows that differ, if any day differs.")
    {
        Add(_account);
        Add(_from);
        Add(_to);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var range = DayRange.Of(context.Value(_from), context.Value(_to));
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var accounts = await AccountsAsync(context, session.Get<AccountStore>(), cancellationToken);
        var verifier = session.Get<RollupVerifier>();

        var rows = new List<DifferenceRow>();
        var (days, differing, frozen) = (0, 0, 0);
        await context.Progress.RunAsync($"Verifying {Words.Count(accounts.Count, "account")}", accounts.Count, async progress =>
        {
            for (var index = 0; index < accounts.Count; index++)
            {
                var report = await verifier.VerifyAsync(accounts[index], range.From, range.To, cancellationToken: cancellationToken);
                rows.AddRange(report.Differences.Select(difference => DifferenceRow.Of(accounts[index], difference)));
                (days, differing, frozen) = (days + report.DaysChecked, differing + report.DaysDiffering, frozen + report.DaysFrozen);
                progress.Report(index + 1);
            }

            return rows.Count;
        });

        context.Output.WriteList(rows);
        context.Note($"{Words.Count(days, "day")} of {Words.Count(accounts.Count, "account")} checked, {differing} differing{(differing == 0 ? "" : $" in {Words.Count(rows.Count, "row")}")}."
            + (frozen == 0 ? "" : $" Passed over, since their raw events are gone: {Words.Count(frozen, "frozen day")}."));
        if (differing == 0) return ExitCode.Done;
        context.Note("'tally rollups backfill' rebuilds them.");
        return ExitCode.No;
    }

    private async Task<IReadOnlyList<long>> AccountsAsync(CommandContext context, AccountStore accounts, CancellationToken cancellationToken) =>
        context.Value(_account) is { } id
            ? [id]
            : [.. (await accounts.ListAsync(cancellationToken)).Where(account => account.Zone is not null).Select(account => account.Id)];

    private sealed record DifferenceRow(
        long AccountId, LocalDate Date, string State, string DimensionType, long DimensionId, string Metric,
        long? ExpectedCount, decimal? ExpectedSum, decimal? ExpectedSumBusinessHours, long? FoundCount, decimal? FoundSum, decimal? FoundSumBusinessHours)
    {
        public static DifferenceRow Of(long accountId, RollupDifference difference) => new(
            accountId, difference.Date, difference.State, difference.DimensionType, difference.DimensionId, difference.Metric,
            difference.Expected?.Count, difference.Expected?.SumValue, difference.Expected?.SumValueBusinessHours,
            difference.Found?.Count, difference.Found?.SumValue, difference.Found?.SumValueBusinessHours);
    }
}
