using System.Globalization;
using Microsoft.Azure.Functions.Worker;

namespace LocalRuntime.Timers;

/// <summary>How a failed timer function is run again.</summary>
/// <param name="MaxRetryCount">How often; -1 for ever.</param>
/// <param name="Minimum">The delay before the first retry.</param>
/// <param name="Maximum">The longest delay.</param>
internal sealed record RetryPolicy(int MaxRetryCount, TimeSpan Minimum, TimeSpan Maximum)
{
    public static RetryPolicy From(RetryAttribute attribute) => attribute switch
    {
        FixedDelayRetryAttribute retry => new(retry.MaxRetryCount, Span(retry.DelayInterval), Span(retry.DelayInterval)),
        ExponentialBackoffRetryAttribute retry => new(retry.MaxRetryCount, Span(retry.MinimumInterval), Span(retry.MaximumInterval)),
        _ => throw new NotSupportedException($"{attribute.GetType().Name} is not supported here."),
    };

    /// <summary>Whether a function that has failed after <paramref name="retryCount"/> retries is run once more.</summary>
    public bool Allows(int retryCount) => MaxRetryCount == -1 || retryCount < MaxRetryCount;

    /// <summary>The delay before the retry that follows <paramref name="retryCount"/> earlier ones.</summary>
    public TimeSpan Delay(int retryCount)
    {
        // In floating point, where a power of two beyond every time span is still a number.
        var ticks = Minimum.Ticks * Math.Pow(2, retryCount);
        return ticks < Maximum.Ticks ? TimeSpan.FromTicks((long)ticks) : Maximum;
    }

    private static TimeSpan Span(string text) => TimeSpan.Parse(text, CultureInfo.InvariantCulture);
}
