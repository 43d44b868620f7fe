using NodaTime;

namespace Tally.Reporting.Backfill;

/// <summary>What a backfill message splits into: two ranges, or days; newest first.</summary>
internal sealed record BackfillFanOut(LocalDate From, LocalDate To, IReadOnlyList<BackfillMessage> Ranges, IReadOnlyList<BackfillDayMessage> Days)
{
    // The messages that one invocation puts: few enough to be put well within its time, many enough that ranges stay rare.
    private const int MaxDays = 16;

    internal static BackfillFanOut Empty { get; } = new(default, default, [], []);

    /// <param name="request">The request.</param>
    /// <param name="dates">The days that the message's range has, ascending.</param>
    internal static BackfillFanOut Of(BackfillRequest request, IReadOnlyList<LocalDate> dates)
    {
        if (dates.Count == 0) return Empty;
        if (dates.Count <= MaxDays)
        {
            return new BackfillFanOut(dates[0], dates[^1], [], [.. dates.Reverse().Select(date => new BackfillDayMessage
            {
                RequestId = request.Id,
                AccountId = request.AccountId,
                Date = date.ToDateOnly(),
            })]);
        }

        var middle = dates.Count / 2;
        return new BackfillFanOut(dates[0], dates[^1], [request.ToMessage(dates[middle], dates[^1]), request.ToMessage(dates[0], dates[middle - 1])], []);
    }
}
