using System.CommandLine;
using NodaTime;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting.Accounts;
using Tally.Reporting.Reconcile;

namespace Tally.Cli.Rollups;

/// <summary><c>tally rollups drift</c></summary>
internal sealed class ShowDrift : TallyCommand
{
    private readonly Option<long?> _account = CommonOptions.Account("The account's number; by default every account.");
    private readonly Option<int> _limit = CommonOptions.Count("--limit", "How many rows at most, newest first.", 1_000, 1, 100_000);

    public ShowDrift()
        : base("drift", "Show rollup rows that reconcile found to differ from the raw events, with both values. Sums are seconds.")
    {
        Add(_account);
        Add(_limit);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var found = await session.Get<DriftLog>().ReadAsync(context.Value(_account), context.Value(_limit), cancellationToken);
        context.Output.WriteList([.. found.Select(DriftRow.Of)]);
        context.Note(found.Count == 0
            ? "Reconcile has found no difference."
            : $"{Words.Count(found.Count, "row")} differed; of {Words.Count(found.Where(row => row.RebuiltAt is null).Select(row => (row.AccountId, row.Date)).Distinct().Count(), "day")} the rebuild is still to come.");
        return ExitCode.Done;
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
}
