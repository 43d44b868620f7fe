using Microsoft.Extensions.Options;
using Tally.Scheduling;

namespace Tally.Billing;

internal sealed class BillingOptionsValidator : IValidateOptions<BillingOptions>
{
    public ValidateOptionsResult Validate(string? name, BillingOptions options)
    {
        var functionTimeout = FunctionTimeout.Read(Path.Combine(AppContext.BaseDirectory, "host.json"));
        var faults = Faults(options).ToList();
        if (faults.Count == 0 && options.FindMisfit(functionTimeout) is { } misfit) faults.Add(misfit);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(BillingOptions options)
    {
        if (options.NightlyHourUtc is < 0 or > 23)
            yield return $"Billing:NightlyHourUtc is {options.NightlyHourUtc}. Expected an hour from 0 to 23.";
        if (options.NightlyDays is < 1 or > 92)
            yield return $"Billing:NightlyDays is {options.NightlyDays}. Expected 1 to 92: older days are a matter of 'tally billing refresh', not of every night.";
        if (options.RunRecordDays is < 30 or > 36_500)
            yield return $"Billing:RunRecordDays is {options.RunRecordDays}. Expected 30 to 36500.";
        if (options.StatementTimeout < TimeSpan.FromSeconds(1) || options.StatementTimeout > TimeSpan.FromMinutes(10))
            yield return $"Billing:StatementTimeout is {options.StatementTimeout:c}. Expected 00:00:01 to 00:10:00: less cuts off honest work, more hides a hanging database.";
        if (options.ThresholdPercents.Any(percent => percent is < 1 or > 1000))
            yield return $"Billing:ThresholdPercents is {string.Join(", ", options.ThresholdPercents)}. Expected percentages from 1 to 1000.";
        if (options.DefaultAllowances.Any(entry => entry.Key is < 1970 or > 9999 || entry.Value < 0))
            yield return "Billing:DefaultAllowances expects years from 1970 to 9999 with limits of 0 or more, such as Billing:DefaultAllowances:2025 = 40000.";
    }
}
