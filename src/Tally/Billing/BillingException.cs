using NodaTime;

namespace Tally.Billing;

/// <summary>A request that billing must refuse, or work that it could not do; the message says what, where and what to do.</summary>
internal class BillingException(string message, Exception? innerException = null) : OperatorException(message, innerException);

/// <summary>A day has billable SMS and no rate is in force at its start. Nothing of the day was written.</summary>
internal sealed class MissingRateException(LocalDate day) : BillingException(
    FormattableString.Invariant($"{day:uuuu-MM-dd}: SMS were sent, and no sms rate is in force at 00:00 UTC of that day; the day was not written. Set one with 'tally billing rates set sms RATE --from {day:uuuu-MM-dd}' and refresh the day."))
{
    /// <summary>The UTC day.</summary>
    public LocalDate Day { get; } = day;
}

/// <summary>Some days of a refresh failed; all others are written.</summary>
internal sealed class RefreshFailedException(IReadOnlyList<Exception> failures) : BillingException(
    failures.Count == 1 ? failures[0].Message : $"{failures.Count} days could not be refreshed. {string.Join(" ", failures.Select(failure => failure.Message))}",
    failures[0]);
