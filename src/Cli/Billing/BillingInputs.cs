using System.CommandLine;
using NodaTime;
using Tally.Billing;
using Tally.Billing.Reports;
using Tally.Cli.Shell;

namespace Tally.Cli.Billing;

/// <summary>Arguments and options of the billing commands.</summary>
internal static class BillingInputs
{
    private static readonly ValueKind<int> YearKind = new("YYYY", "a year from 1970 to 9998", ValueKinds.Number(1970, 9998).TryRead);

    public static Option<Guid> Service() => ValueKinds.Uuid.Required("--service", "The service's id.");

    public static Option<Guid?> OnlyService() => ValueKinds.Uuid.Optional("--service", "Only this service.");

    public static Option<Guid> Organization() => ValueKinds.Uuid.Required("--organization", "The organization's id.");

    public static Option<int?> Year(string description = "The calendar year.") => YearKind.Optional("--year", description);

    public static Argument<YearMonth> Month() => ValueKinds.Month.Argument("MONTH", "The month, as YYYY-MM.");

    /// <summary>Days of one year, for a report that applies a free allowance.</summary>
    public static (Option<LocalDate> From, Option<LocalDate> To) Period() =>
        (ValueKinds.Date.Required("--from", "First day."), ValueKinds.Date.Required("--to", "Last day, included; of the same year, since each has an allowance of its own."));

    /// <summary>Days of any years.</summary>
    public static (Option<LocalDate> From, Option<LocalDate> To) Range() =>
        (ValueKinds.Date.Required("--from", "First day."), ValueKinds.Date.Required("--to", "Last day, included; of any year."));

    /// <exception cref="CommandException">No year was given.</exception>
    public static int RequireYear(this CommandContext run, Option<int?> year) =>
        run.Value(year) ?? throw new CommandException("No valid year provided. Say which with --year YYYY.");

    /// <exception cref="BillingException">The last day is before the first.</exception>
    public static BillingRange RangeOf(this CommandContext run, (Option<LocalDate> From, Option<LocalDate> To) days) =>
        BillingRange.Of(run.Value(days.From), run.Value(days.To));

    /// <exception cref="BillingException">The days are not of one year, or the last is before the first.</exception>
    public static BillingPeriod Value(this CommandContext run, (Option<LocalDate> From, Option<LocalDate> To) period) =>
        BillingPeriod.Of(run.Value(period.From), run.Value(period.To));

    /// <exception cref="BillingException">There is no such service.</exception>
    public static async Task RequireServiceAsync(this CommandContext run, Guid? service, CancellationToken cancellationToken)
    {
        if (service is { } id) await (await run.GetAsync<ServiceDirectory>(cancellationToken)).RequireServiceAsync(id, cancellationToken);
    }

    /// <exception cref="BillingException">There is no such organization.</exception>
    public static async Task RequireOrganizationAsync(this CommandContext run, Guid organization, CancellationToken cancellationToken) =>
        await (await run.GetAsync<ServiceDirectory>(cancellationToken)).RequireOrganizationAsync(organization, cancellationToken);
}
