using NodaTime;
using NodaTime.Text;
using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;

namespace Tally.Cli.Rollups;

/// <summary>A backfill plan in words, for the person who decides on it.</summary>
internal sealed class BackfillPlanText(CommandContext context, BackfillPlan plan)
{
    private static readonly ZonedDateTimePattern Moment = ZonedDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss x", null);

    private DateTimeZone Zone => plan.Account.Zone!;

    /// <summary>What this is about, for somebody who did not say which account.</summary>
    public static void Introduce(CommandContext context)
    {
        context.Note("Rebuild the daily rollups of an account from its raw events.");
        context.Note("  Days are cut in the account's reporting timezone; 'tally account set-timezone' sets it.");
        context.Note("  By default from the first event's day to yesterday: today is still being counted as events arrive.");
        context.Note("  Afterwards 'tally rollups verify' proves the result, and reports may read it.");
        context.Note("");
    }

    /// <summary>What there is.</summary>
    public void Discovered()
    {
        context.Note($"Using account reporting timezone: {plan.Account.ReportingTimezone}");
        if (plan.FirstEvent is not { } first || plan.LastEvent is not { } last) return;

        var (start, end) = (first.InZone(Zone).Date, last.InZone(Zone).Date);
        context.Note($"Discovered date range: {Words.Of(start)} to {Words.Of(end)} ({Words.Count(Period.DaysBetween(start, end) + 1, "day")}) [Account: {plan.Account.Name}]");
        context.Note($"Default end date (excluding today): {Words.Of(LocalDate.Min(end, plan.Yesterday))}");
    }

    /// <summary>What would be done.</summary>
    public void Summary(bool isDryRun)
    {
        context.Note("");
        context.Note("Plan");
        context.Note($"  Account:     {plan.Account.Name} ({plan.Account.Id})");
        context.Note($"  Timezone:    {plan.Account.ReportingTimezone}");
        context.Note($"  Date range:  {Words.Of(plan.From!.Value)} to {Words.Of(plan.To!.Value)} ({Words.Count(plan.DayCount, "day")}), newest day first");
        context.Note($"  First event: {Local(plan.FirstEvent)}");
        context.Note($"  Last event:  {Local(plan.LastEvent)}");
        context.Note($"  Dry run:     {(isDryRun ? "YES (no data will be written)" : "NO")}");
        context.Note("");
    }

    public void DryRun()
    {
        context.Output.WriteOne(new PlanRow(plan.Account.Id, plan.Account.ReportingTimezone!, plan.From!.Value, plan.To!.Value, plan.DayCount, plan.FirstEvent, plan.LastEvent, DryRun: true));
        context.Note($"Dry run: would rebuild {Words.Count(plan.DayCount, "day")} in '{plan.Account.ReportingTimezone}'. Run without dry run to do it.");
    }

    public void Large() => context.Note(FormattableString.Invariant(
        $"WARNING: Large backfill detected ({plan.DayCount} days / {plan.DayCount / 365m:0.0} years)"));

    private string Local(Instant? instant) => instant is { } moment ? Moment.Format(moment.InZone(Zone)) : "none";

    private sealed record PlanRow(
        long AccountId, string Timezone, LocalDate From, LocalDate To, int Days, Instant? FirstEvent, Instant? LastEvent, bool DryRun);
}
