using NodaTime;
using Tally.Reporting.Accounts;

namespace Tally.Reporting.Days;

/// <summary>What the rollups of a day are worth.</summary>
internal enum DayState
{
    /// <summary>Events are added as they come, from the day's first on.</summary>
    Live,

    /// <summary>Built from the day's base and raw events, and kept up since.</summary>
    Complete,

    /// <summary>Waits to be rebuilt.</summary>
    Dirty,
}

/// <summary>A row of <c>reporting.reporting_days</c>.</summary>
internal sealed record RollupDay
{
    public required LocalDate Date { get; init; }

    /// <summary>The window that the rollups were cut with, from its start.</summary>
    public required Instant DayStart { get; init; }

    /// <summary>Where the window ends, itself no part of it.</summary>
    public required Instant DayEnd { get; init; }

    public required DayState State { get; init; }

    /// <summary>Whether the window is the day's own.</summary>
    public bool IsCutAs(LocalDay day) => Date == day.Date && DayStart == day.Start && DayEnd == day.End;

    internal bool Reaches(LocalDay day) => DayStart < day.End && day.Start < DayEnd;
}

/// <summary>The days on record of an account, or a stretch of them, and which of the account's days they cover.</summary>
/// <remarks>
/// A day is covered if its row has the day's own window and is live or complete, and no other row's window reaches into
/// it: there, another cut may have taken events that this day lacks. A day without a row has no events, if that is known:
/// because every event is on record, or because the day began after the zone was set.
/// </remarks>
/// <param name="account">Whose days.</param>
/// <param name="rows">At least the rows of the days asked for, and of two dates on either side.</param>
internal sealed class DayCoverage(Account account, IEnumerable<RollupDay> rows)
{
    // Two cuts of one date lie 26 hours apart at most.
    public const int Neighbours = 2;

    private readonly Dictionary<LocalDate, RollupDay> _rows = rows.ToDictionary(row => row.Date);

    public RollupDay? RowOf(LocalDate date) => _rows.GetValueOrDefault(date);

    public bool IsCovered(LocalDay day)
    {
        var row = RowOf(day.Date);
        var isRight = row is null ? HasNoEvents(account, day) : row.State != DayState.Dirty && row.IsCutAs(day);
        return isRight && !Enumerable.Range(-Neighbours, 2 * Neighbours + 1).Any(offset => offset != 0 && RowOf(day.Date.PlusDays(offset)) is { } other && other.Reaches(day));
    }

    /// <summary>Whether a day without a row is known to have no events.</summary>
    public static bool HasNoEvents(Account account, LocalDay day) => account.DaysOnRecord || day.Start >= account.TimezoneSetAt;
}
