using System.CommandLine;
using NodaTime;
using Tally.Cli.Accounts;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Reconcile;
using Tally.Reporting.Rollups;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups</c>: what they hold and whether it is right here; backfills and reports beside.</summary>
internal static class RollupCommands
{
    public static Noun Create() => new(
        "rollups", "Daily totals: rebuild, watch, verify, report from them.",
        BackfillRollups.Create(), BackfillCommands.Progress(), BackfillCommands.Cancel(), BackfillCommands.Resume(),
        Verify(), ExplainCommand.Create(), DropBaseCommand.Create(), ReconcileCommand.Create(), Drift(), Show(), ReportCommands.Series(), ReportCommands.Summary());

    private static Verb Verify()
    {
        var account = Inputs.AnyAccount("by default every account that has a zone");
        var from = ValueKinds.Date.Optional("--from", "First day; by default the first that has an event or a rollup.");
        var to = ValueKinds.Date.Optional("--to", "Last day; by default the last that has an event or a rollup.");
        return new("verify", "Hold rollups against the raw events. Exit code 1, and the rows that differ, if any day differs.", [account, from, to], async (run, token) =>
        {
            RequireOrder(run.Value(from), run.Value(to));
            var session = await run.OpenAsync(ServerNeeds.Database, token);
            IReadOnlyList<long> accounts = run.Value(account) is { } only
                ? [only]
                : [.. (await session.Get<AccountStore>().ListAsync(token)).Where(one => one.Zone is not null).Select(one => one.Id)];

            var rows = new List<DifferenceRow>();
            var (days, differing, cutOtherwise, rowsDiffering) = (0, 0, 0, 0L);
            // How many days an account has is known when it is done.
            await run.Progress.RunAsync($"Verifying {Words.Count(accounts.Count, "account")}", 0, "days", async progress =>
            {
                foreach (var id in accounts)
                {
                    var before = days;
                    var report = await session.Get<RollupVerifier>().VerifyAsync(
                        id, run.Value(from), run.Value(to), Shell.Progress.Of<int>(checkedDays => progress.Report(before + checkedDays)), token);
                    rows.AddRange(report.Differences.Take(RollupVerifier.MaxDifferences - rows.Count).Select(difference => DifferenceRow.Of(id, difference)));
                    rowsDiffering += report.RowsDiffering;
                    (days, differing, cutOtherwise) = (days + report.DaysChecked, differing + report.DaysDiffering, cutOtherwise + report.DaysCutOtherwise);
                }

                return rows.Count;
            });

            run.Output.WriteList(rows);
            run.Note($"{Words.Count(days, "day")} of {Words.Count(accounts.Count, "account")} checked, {differing} differing{(differing == 0 ? "" : $" in {Words.Count(rowsDiffering, "row")}")}."
                + (cutOtherwise == 0 ? "" : $" {Words.Count(cutOtherwise, "day")} cut with other windows than those of the time zone data {TimeZones.RulesVersion}; 'tally rollups reconcile' has them rebuilt."));
            if (differing == 0) return ExitCode.Done;
            if (rowsDiffering > rows.Count) run.Note($"The first {rows.Count} rows are shown.");
            run.Note("'tally rollups backfill' rebuilds them.");
            return ExitCode.No;
        });
    }

    private static Verb Drift()
    {
        var account = Inputs.AnyAccount("by default every account");
        var limit = ValueKinds.Number(1, 100_000).Default("--limit", "How many rows at most, newest first.", 1_000);
        return new("drift", "Show rollup rows that reconcile found to differ from the raw events, with both values. Sums are seconds.", [account, limit], async (run, token) =>
        {
            var found = await (await run.GetAsync<DriftLog>(token)).ReadAsync(run.Value(account), run.Value(limit), token);
            run.Output.WriteList([.. found.Select(DriftRow.Of)]);
            run.Note(found.Count == 0
                ? "Reconcile has found no difference."
                : $"{Words.Count(found.Count, "row")} differed; of {Words.Count(found.Where(row => row.RebuiltAt is null).Select(row => (row.AccountId, row.Date)).Distinct().Count(), "day")} the rebuild is still to come.");
        });
    }

    private static Verb Show()
    {
        var id = Inputs.Account();
        var from = ValueKinds.Date.Required("--from", "First day, in the account's zone.");
        var to = ValueKinds.Date.Required("--to", "Last day, included.");
        return new("show", "Show the rollup rows of an account's days. Sums are seconds.", [id, from, to], async (run, token) =>
        {
            RequireOrder(run.Value(from), run.Value(to));
            var session = await run.OpenAsync(ServerNeeds.Database, token);
            var account = await session.Get<AccountStore>().RequireAsync(run.Value(id), token);
            var rows = await session.Get<RollupReader>().ReadAsync(account.Id, run.Value(from), run.Value(to), token);
            run.Output.WriteList(rows);
            if (rows.Count == 0) run.Note(account.ReportingTimezone is null
                ? $"Account {account.Id} has no reporting timezone, so nothing is rolled up: 'tally account set-timezone {account.Id}'."
                : "These days have no rollups.");
        });
    }

    /// <exception cref="CommandException">The first day is after the last.</exception>
    public static void RequireOrder(LocalDate? from, LocalDate? to)
    {
        if (from > to) throw new CommandException($"--from {Words.Of(from.Value)} is after --to {Words.Of(to.Value)}. Swap them.");
    }

    private sealed record DriftRow(
        long AccountId, Instant FoundAt, LocalDate Date, string DimensionType, long DimensionId, string Metric,
        long? ExpectedCount, decimal? ExpectedSum, decimal? ExpectedSumBusinessHours, long? FoundCount, decimal? FoundSum, decimal? FoundSumBusinessHours, Instant? RebuiltAt)
    {
        public static DriftRow Of(RollupDrift drift) => new(
            drift.AccountId, drift.FoundAt, drift.Date, drift.DimensionType, drift.DimensionId, drift.Metric,
            drift.Expected?.Count, drift.Expected?.SumValue, drift.Expected?.SumValueBusinessHours,
            drift.Found?.Count, drift.Found?.SumValue, drift.Found?.SumValueBusinessHours, drift.RebuiltAt);
    }

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
