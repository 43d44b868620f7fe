using System.Globalization;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs a failed function again after the same delay each time.</summary>
public sealed class FixedDelayRetryAttribute : RetryAttribute
{
    /// <param name="maxRetryCount">How often to run again; -1 for ever.</param>
    /// <param name="delayInterval">A <see cref="TimeSpan"/> of zero or more, such as <c>00:00:10</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is no time span, or negative.</exception>
    public FixedDelayRetryAttribute(int maxRetryCount, string delayInterval)
    {
        if (!TimeSpan.TryParse(delayInterval, CultureInfo.InvariantCulture, out var delay))
            throw new ArgumentOutOfRangeException(nameof(delayInterval), delayInterval, "Not a time span such as 00:00:10.");
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero, nameof(delayInterval));

        MaxRetryCount = maxRetryCount;
        DelayInterval = delayInterval;
    }

    /// <summary>The delay as declared.</summary>
    public string DelayInterval { get; }
}
