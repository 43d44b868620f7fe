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

/// <summary>Which days of a range come from rollups and which instants from raw events; together they are the range, once.</summary>
internal sealed class ReadPlan
{
    private readonly ReportQuestion _question;
    private readonly Account _account;
    private readonly Dictionary<LocalDate, RollupDay> _rows;
    private readonly IReadOnlyList<LocalDay> _days;

    private ReadPlan(ReportQuestion question, Account account, IEnumerable<RollupDay> rows)
    {
        _question = question;
        _account = account;
        _rows = rows.ToDictionary(row => row.Date);
        _days = account.Zone is { } zone ? DaysOf(question.Request, zone) : [];

        var frozen = FrozenDays();
        var served = ServedDays(frozen);
        RollupDays = [.. served.Select(day => new RollupRead(day.Date, question.Buckets.IndexOf(day.Start)))];
        RawIntervals = [.. Between(served)];
        Covered = account.Zone is not null && _days.All(IsCovered);
        // The events of the other metrics are never purged.
        MissingDays = question.IsAdditive ? [.. frozen.Except(served).Select(day => day.Date)] : [];
        Parts = PartsOf(served);
    }

    public IReadOnlyList<RollupRead> RollupDays { get; }

    public IReadOnlyList<Interval> RawIntervals { get; }

    public bool Covered { get; }

    public IReadOnlyList<ReportPart> Parts { get; }

    public IReadOnlyList<LocalDate> MissingDays { get; }

    public ReportSource Source => RollupDays.Count == 0 ? ReportSource.Raw : RawIntervals.Count == 0 ? ReportSource.Rollup : ReportSource.Mixed;

    /// <param name="question">What is asked.</param>
    /// <param name="account">As it is in the report's snapshot.</param>
    /// <param name="rows">The account's day states in the same snapshot, two days beyond the range on either side.</param>
    /// <exception cref="ReportRequestException">Only rollups were asked for, and they cannot answer all of it.</exception>
    public static ReadPlan Of(ReportQuestion question, Account account, IEnumerable<RollupDay> rows)
    {
        var plan = new ReadPlan(question, account, rows);
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

    /// <summary>The frozen days that touch the range, as they were cut when they were frozen.</summary>
    private List<LocalDay> FrozenDays() =>
    [
        .. _rows.Values
            .Where(row => row.State == DayState.Frozen && TimeZones.TryFind(row.Timezone, out _))
            .Select(row => LocalDay.Of(row.Date, TimeZones.Find(row.Timezone)))
            .Where(day => day.Start < _question.Request.To && day.End > _question.Request.From)
            .OrderBy(day => day.Start),
    ];

    /// <summary>The days to read from rollups, in order.</summary>
    private List<LocalDay> ServedDays(List<LocalDay> frozen)
    {
        if (_question.Request.Source == ReportSourceChoice.Raw || _question.IsHourly || _question.Metric?.Kind == ReportMetricKind.CountWithoutHandoff) return [];

        // What a frozen day of a former zone holds must not be counted again by the days that it reaches into.
        var foreign = frozen.Except(_days).ToList();
        var served = frozen.Where(Fits).ToList();
        if (ReadsRollups) served.AddRange(_days.Where(day => StateOf(day) != DayState.Frozen && IsCovered(day) && Fits(day) && !foreign.Exists(other => Overlap(day, other))));
        served.Sort((one, other) => one.Start.CompareTo(other.Start));
        return _question.IsAdditive || (served is [var only] && only.Start == _question.Request.From && only.End == _question.Request.To) ? served : [];
    }

    private bool ReadsRollups =>
        (_account.ReportRollup || _question.Request.Source == ReportSourceChoice.Rollup)
        && _account.Zone is { } zone && _question.Zone.HasDays(_days, zone);

    private bool IsCovered(LocalDay day) => RollupDay.IsCovered(_rows.GetValueOrDefault(day.Date), day, _account);

    private DayState? StateOf(LocalDay day) => _rows.GetValueOrDefault(day.Date)?.State;

    /// <summary>Whether the day lies wholly in the range and in one bucket.</summary>
    private bool Fits(LocalDay day) =>
        day.Start >= _question.Request.From && day.End <= _question.Request.To
        && _question.Buckets.IndexOf(day.Start) == _question.Buckets.IndexOf(day.End - Duration.Epsilon);

    private static bool Overlap(LocalDay one, LocalDay other) => one.Start < other.End && other.Start < one.End;

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

    private List<ReportPart> PartsOf(List<LocalDay> served)
    {
        var zone = _account.Zone ?? _question.Zone.Zone;
        var pieces = served.Select(day => (day.Start, Part: new ReportPart(ReportSource.Rollup, day.Date, day.Date)))
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
        return IsCovered(day)
            ? $"the range cuts the day {day.Date:uuuu-MM-dd}"
            : $"{day.Date:uuuu-MM-dd} is not covered ({(StateOf(day)?.ToString() ?? "never built").ToLowerInvariant()}); 'tally rollups backfill' builds it";
    }
}
