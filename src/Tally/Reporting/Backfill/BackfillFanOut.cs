using NodaTime;

namespace Tally.Reporting.Backfill;

/// <summary>What a backfill message splits into: two ranges, or days; newest first.</summary>
public sealed record BackfillFanOut(LocalDate From, LocalDate To, IReadOnlyList<BackfillMessage> Ranges, IReadOnlyList<BackfillDayMessage> Days)
{
    // The messages that one invocation puts: few enough to be put well within its time, many enough that ranges stay rare.
    private const int MaxDays = 16;

    internal static BackfillFanOut Empty { get; } = new(default, default, [], []);

    internal static BackfillFanOut Of(BackfillRequest request, LocalDate from, LocalDate to)
    {
        var count = Period.DaysBetween(from, to) + 1;
        if (count <= MaxDays)
        {
            return new BackfillFanOut(from, to, [], [.. Enumerable.Range(0, Math.Max(count, 0)).Select(back => new BackfillDayMessage
            {
                RequestId = request.Id,
                AccountId = request.AccountId,
                Date = to.PlusDays(-back).ToDateOnly(),
                Force = request.Forced,
            })]);
        }

        var middle = from.PlusDays(count / 2);
        return new BackfillFanOut(from, to, [request.ToMessage(middle, to), request.ToMessage(from, middle.PlusDays(-1))], []);
    }
}
