using NodaTime;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;

namespace Tally.Reporting.Reports;

/// <summary>What a report asks, as far as it decides where the numbers can come from.</summary>
/// <param name="Request">The range and the choice of source.</param>
/// <param name="Zone">The zone of the buckets.</param>
/// <param name="Buckets">A rollup day serves only within one of them.</param>
/// <param name="IsHourly">Hours are not in daily totals.</param>
/// <param name="Metric">Null for a summary, whose metrics are all sums of days.</param>
internal sealed record ReportQuestion(ReportRequest Request, ReportZone Zone, ReportBuckets Buckets, bool IsHourly = false, ReportMetric? Metric = null)
{
    public bool IsAdditive => Metric is null or { IsAdditive: true };
}

/// <summary>A day to read from rollups, for a bucket.</summary>
internal readonly record struct RollupRead(LocalDate Date, int Bucket);

/// <summary>A base to read beside raw events: what was removed from the window that <paramref name="Date"/> once was.</summary>
internal readonly record struct BaseRead(LocalDate Date, Instant Start, Instant End, int Bucket);

/// <summary>
/// Which days of a range come from rollups and which instants from raw events: together they are the range, once. Where a
/// day with a base is not served by rollups, its base is added to the raw events, whole or not at all.
/// </summary>
internal sealed class ReadPlan
{
    private readonly ReportQuestion _question;
    private readonly Account _account;
    private readonly DayCoverage _coverage;
    private readonly IReadOnlyList<LocalDay> _days;

    private ReadPlan(ReportQuestion question, Account account, IReadOnlyList<RollupDay> rows, IReadOnlyList<BaseWindow> bases)
    {
        _question = question;
        _account = account;
        _coverage = new DayCoverage(account, rows);
        _days = account.Zone is { } zone ? DaysOf(question.Request, zone) : [];

        var touching = bases.Where(window => window.DayStart < question.Request.To && window.DayEnd > question.Request.From).ToList();
        var served = ServedDays(touching);
        var beside = BasesBeside(touching, served);
        RollupDays = [.. served.Select(day => new RollupRead(day.Date, question.Buckets.IndexOf(day.Start)))];
        BaseDays = [.. beside.Select(window => new BaseRead(window.Date, window.DayStart, window.DayEnd, question.Buckets.IndexOf(window.DayStart)))];
        RawIntervals = [.. Between(served)];
        Covered = account.Zone is not null && _days.All(_coverage.IsCovered);
        // The events of the other metrics are never purged.
        MissingDays = question.IsAdditive
            ? [.. touching.Except(beside).Where(window => !served.Exists(window.IsCutAs)).Select(window => window.Date).Distinct().Order()]
            : [];
        Parts = PartsOf(served, beside);
    }

    public IReadOnlyList<RollupRead> RollupDays { get; }

    public IReadOnlyList<BaseRead> BaseDays { get; }

    public IReadOnlyList<Interval> RawIntervals { get; }

    public bool Covered { get; }

    public IReadOnlyList<ReportPart> Parts { get; }

    public IReadOnlyList<LocalDate> MissingDays { get; }

    public ReportSource Source => RollupDays.Count + BaseDays.Count == 0 ? ReportSource.Raw : RawIntervals.Count == 0 ? ReportSource.Rollup : ReportSource.Mixed;

    /// <param name="question">What is asked.</param>
    /// <param name="account">As it is in the report's snapshot.</param>
    /// <param name="rows">The account's day states in the same snapshot, some days beyond the range on either side.</param>
    /// <param name="bases">The account's bases likewise.</param>
    /// <exception cref="ReportRequestException">Only rollups were asked for, and they cannot answer all of it.</exception>
    public static ReadPlan Of(ReportQuestion question, Account account, IReadOnlyList<RollupDay> rows, IReadOnlyList<BaseWindow> bases)
    {
        var plan = new ReadPlan(question, account, rows, bases);
        return question.Request.Source == ReportSourceChoice.Rollup && plan.RawIntervals.Count > 0
            ? throw new ReportRequestException($"Rollups alone cannot answer this: {plan.WhyRaw()}. Ask without a source to have both used.")
            : plan;
    }

    private static List<LocalDay> DaysOf(ReportRequest request, DateTimeZone zone)
    {
        var days = new List<LocalDay>();
        for (var day = LocalDay.Containing(request.From, zone); day.Start < request.To; day = LocalDay.Of(day.Date.PlusDays(1), zone))
            if (day.Length > Duration.Zero) days.Add(day);
        return days;
    }

    /// <summary>The days to read from rollups, in order: those with a base whatever reports prefer, since raw events do not hold all of it.</summary>
    private List<LocalDay> ServedDays(List<BaseWindow> bases)
    {
        if (!MayReadTotals) return [];
        var served = _days.Where(day => (ReadsRollups || bases.Exists(window => window.IsCutAs(day))) && _coverage.IsCovered(day) && Fits(day.Start, day.End)).ToList();
        return _question.IsAdditive || (served is [var only] && only.Start == _question.Request.From && only.End == _question.Request.To) ? served : [];
    }

    private List<BaseWindow> BasesBeside(List<BaseWindow> bases, List<LocalDay> served) =>
        MayReadTotals && _question.IsAdditive
            ? [.. bases.Where(window => !served.Exists(window.IsCutAs) && Fits(window.DayStart, window.DayEnd)).OrderBy(window => window.DayStart)]
            : [];

    private bool MayReadTotals =>
        _question.Request.Source != ReportSourceChoice.Raw && !_question.IsHourly && _question.Metric?.Kind != ReportMetricKind.CountWithoutHandoff;

    private bool ReadsRollups =>
        (_account.ReportRollup || _question.Request.Source == ReportSourceChoice.Rollup)
        && _account.Zone is { } zone && _question.Zone.HasDays(_days, zone);

    /// <summary>Whether the window lies wholly in the range and in one bucket.</summary>
    private bool Fits(Instant start, Instant end) =>
        start >= _question.Request.From && end <= _question.Request.To
        && _question.Buckets.IndexOf(start) == _question.Buckets.IndexOf(end - Duration.Epsilon);

    /// <summary>What the days leave of the range.</summary>
    private IEnumerable<Interval> Between(List<LocalDay> served)
    {
        var start = _question.Request.From;
        foreach (var day in served)
        {
            if (day.Start > start) yield return new Interval(start, day.Start);
            start = day.End;
        }

        if (start < _question.Request.To) yield return new Interval(start, _question.Request.To);
    }

    private List<ReportPart> PartsOf(List<LocalDay> served, List<BaseWindow> beside)
    {
        var zone = _account.Zone ?? _question.Zone.Zone;
        var pieces = served.Select(day => (Start: day.Start, Part: new ReportPart(ReportSource.Rollup, day.Date, day.Date)))
            .Concat(beside.Select(window => (Start: window.DayStart, Part: new ReportPart(ReportSource.Rollup, window.Date, window.Date))))
            .Concat(RawIntervals.Select(interval => (interval.Start, Part: new ReportPart(
                ReportSource.Raw, LocalDay.Containing(interval.Start, zone).Date, LocalDay.Containing(interval.End - Duration.Epsilon, zone).Date))))
            .OrderBy(piece => piece.Start);
        var parts = new List<ReportPart>();
        foreach (var (_, part) in pieces)
        {
            if (parts is [.., var last] && last.Source == part.Source) parts[^1] = last with { To = part.To };
            else parts.Add(part);
        }

        return parts;
    }

    private string WhyRaw()
    {
        if (_question.IsHourly) return "they hold days, not hours";
        if (!_question.IsAdditive) return $"{_question.Metric!.Name} of a range is no sum of its days";
        if (_account.Zone is not { } zone) return $"account {_account.Id} has no reporting timezone";
        if (!_question.Zone.HasDays(_days, zone)) return $"the days of {_question.Zone} are not those of the account's zone {zone.Id}";
        var day = LocalDay.Containing(RawIntervals[0].Start, zone);
        return _coverage.IsCovered(day)
            ? $"the range cuts the day {day.Date:uuuu-MM-dd}"
            : $"{day.Date:uuuu-MM-dd} is not covered ({(_coverage.RowOf(day.Date) is { } row ? row.IsCutAs(day) ? row.State.ToString() : "cut with another window" : "never built").ToLowerInvariant()}); 'tally rollups backfill' builds it";
    }
}

/// <summary>A window that a base was cut with.</summary>
internal sealed record BaseWindow
{
    public required LocalDate Date { get; init; }

    public required Instant DayStart { get; init; }

    public required Instant DayEnd { get; init; }

    public bool IsCutAs(LocalDay day) => Date == day.Date && DayStart == day.Start && DayEnd == day.End;
}
