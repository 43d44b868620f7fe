using System.Globalization;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs a failed function again after delays that double from a minimum to a maximum.</summary>
public sealed class ExponentialBackoffRetryAttribute : RetryAttribute
{
    /// <param name="maxRetryCount">How often to run again; -1 for ever.</param>
    /// <param name="minimumInterval">A <see cref="TimeSpan"/> of zero or more.</param>
    /// <param name="maximumInterval">A <see cref="TimeSpan"/>, not below the minimum.</param>
    /// <exception cref="ArgumentOutOfRangeException">An interval is no time span, or negative.</exception>
    /// <exception cref="ArgumentException">The minimum is above the maximum.</exception>
    public ExponentialBackoffRetryAttribute(int maxRetryCount, string minimumInterval, string maximumInterval)
    {
        if (!TimeSpan.TryParse(minimumInterval, CultureInfo.InvariantCulture, out var minimum))
            throw new ArgumentOutOfRangeException(nameof(minimumInterval), minimumInterval, "Not a time span such as 00:00:10.");
        if (!TimeSpan.TryParse(maximumInterval, CultureInfo.InvariantCulture, out var maximum))
            throw new ArgumentOutOfRangeException(nameof(maximumInterval), maximumInterval, "Not a time span such as 00:10:00.");
        ArgumentOutOfRangeException.ThrowIfLessThan(minimum, TimeSpan.Zero, nameof(minimumInterval));
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, TimeSpan.Zero, nameof(maximumInterval));
        if (minimum > maximum)
            throw new ArgumentException("The minimum interval is above the maximum interval.", nameof(minimumInterval));

        MaxRetryCount = maxRetryCount;
        MinimumInterval = minimumInterval;
        MaximumInterval = maximumInterval;
    }

    /// <summary>The first delay as declared.</summary>
    public string MinimumInterval { get; }

    /// <summary>The longest delay as declared.</summary>
    public string MaximumInterval { get; }
}
