using NodaTime;
using Npgsql;
using Tally.Reporting.Events;

namespace Tally.Campaign.Reporting;

/// <summary>Holds what is stored against <see cref="ReportingModel"/>: which events are there, and every row of the rollups.</summary>
internal sealed class ReportingJudge(CampaignSettings settings, ReportingLoad load, IReadOnlyList<Operation> done)
{
    private readonly ReportingModel _model = new(load, done);
    private readonly List<string> _lost = [];
    private readonly List<string> _doubled = [];
    private readonly List<string> _drift = [];
    private readonly List<string> _uncovered = [];

    private long _applied;
    private long _duplicates;
    private long _conflicts;
    private long _rightRows;

    public bool FoundDrift => _drift.Count > 0;

    public async Task JudgeAsync(NpgsqlDataSource database, Verdict verdict, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        foreach (var desk in Desk.All(settings))
        {
            var stored = await StoredAccount.ReadAsync(connection, desk.Id);
            if (!_model.ErasedAccounts.Contains(desk.Id)) Judge(desk, stored);
            else if (!stored.IsEmpty) _doubled.Add($"account {desk.Id} was erased, and something of it is there.");
        }

        verdict.Count("events applied once", _applied, $"{_rightRows:#,0} rows of rollups as the model has them");
        verdict.Count("duplicates refused", _duplicates, "sent again with the same contents");
        verdict.Count("conflicts refused", _conflicts, "sent with other contents than those that are stored");
        verdict.MustBeNone("lost", _lost);
        verdict.MustBeNone("doubled", _doubled);
        verdict.MustBeNone("drift", _drift, "rows that are not what was sent");
        verdict.MustBeNone("days left uncovered", _uncovered);
    }

    private void Judge(Desk desk, StoredAccount stored)
    {
        var zoneId = _model.Zones.GetValueOrDefault(desk.Id, desk.Zone);
        if (stored.Zone != zoneId) _drift.Add($"account {desk.Id} is in {stored.Zone ?? "no zone"}, and was put into {zoneId}.");
        var zone = DateTimeZoneProviders.Tzdb[zoneId];
        var events = JudgeEvents(desk, stored);
        _applied += events.Count;
        var expected = ReportingModel.RollUp(events, zone);
        if (desk.Has(Fate.ChangesZone | Fate.IsPurged)) JudgeTotals(desk, zone, stored, expected);
        else foreach (var row in expected.Keys.Union(stored.Rows.Keys)) Compare(desk, zone, stored, row, expected.GetValueOrDefault(row), stored.Rows.GetValueOrDefault(row), events);

        // What was purged from a day of another zone is in the base of that day, and in none of this zone.
        var dates = stored.Events.Select(one => ReportingModel.DateOf(one.CreatedAt, zone)).Concat(stored.Rows.Keys.Select(row => row.Date));
        foreach (var date in dates.Distinct().Order())
            if (!stored.Days.TryGetValue(date, out var day) || day.State == "dirty" || (day.DayStart, day.DayEnd) != ReportingModel.WindowOf(date, zone))
                _uncovered.Add($"account {desk.Id} ({zoneId}), {Text(date)}: {(day is null ? "no row" : $"{day.State}, from {day.DayStart} to {day.DayEnd}")}. {History(desk)}");
    }

    /// <summary>The events that count: of each id that which is stored, or, of one that is purged, that which was sent.</summary>
    private List<ReportingEvent> JudgeEvents(Desk desk, StoredAccount stored)
    {
        var sent = _model.Of(desk.Id);
        var found = stored.Events.ToDictionary(one => one.Id);
        foreach (var one in stored.Events.Where(one => !sent.TryGetValue(one.Id, out var variants) || !variants.Contains(one)))
            _doubled.Add($"{one} is stored, and was {(sent.ContainsKey(one.Id) ? "sent otherwise" : "erased, or never sent")}. {History(desk)}");
        var events = new List<ReportingEvent>(sent.Count);
        foreach (var (id, variants) in sent)
        {
            if (found.TryGetValue(id, out var one)) Add(one);
            else if (desk.Has(Fate.IsPurged) && stored.RemovedEvents.Contains(id)) Add(variants[0]);
            else _lost.Add($"{variants[0]}, {Sent(id)}. {History(desk)}");
        }

        return events;

        void Add(ReportingEvent one)
        {
            events.Add(one);
            var deliveries = _model.Deliveries(one.AccountId, one.Id);
            var same = deliveries.Count(other => other == one);
            _duplicates += same - 1;
            _conflicts += deliveries.Count - same;
        }
    }

    /// <summary>
    /// Where events are purged and then the zone changes, what was purged stays with the days that it was purged from: days
    /// differ by right, and all days together must not. Handoffs are never purged.
    /// </summary>
    private void JudgeTotals(Desk desk, DateTimeZone zone, StoredAccount stored, Dictionary<Row, Total> expected)
    {
        foreach (var row in expected.Keys.Union(stored.Rows.Keys).Where(row => row.Metric == ReportingModel.Handoffs))
            Compare(desk, zone, stored, row, expected.GetValueOrDefault(row), stored.Rows.GetValueOrDefault(row), []);
        var other = stored.Bases.Where(row => (row.Start, row.End) != ReportingModel.WindowOf(row.Row.Date, zone)).Select(row => KeyValuePair.Create(row.Row, row.Total));
        var (all, found) = (OverDays(expected), OverDays(stored.Rows.Concat(other)));
        foreach (var row in all.Keys.Union(found.Keys)) Compare(desk, zone, stored, row, all.GetValueOrDefault(row), found.GetValueOrDefault(row), []);

        static Dictionary<Row, Total> OverDays(IEnumerable<KeyValuePair<Row, Total>> rows) => rows.Where(row => row.Key.Metric != ReportingModel.Handoffs)
            .GroupBy(row => row.Key with { Date = default }).ToDictionary(same => same.Key, same => same.Aggregate(default(Total), (sum, row) => sum + row.Value));
    }

    private void Compare(Desk desk, DateTimeZone zone, StoredAccount stored, Row row, Total expected, Total found, IReadOnlyList<ReportingEvent> events)
    {
        if (expected == found)
        {
            _rightRows++;
            return;
        }

        var behind = events.Where(one => ReportingModel.DateOf(one.CreatedAt, zone) == row.Date && ReportingModel.RollUp([one], zone).ContainsKey(row)).ToList();
        _drift.Add(
            $"account {desk.Id} ({zone.Id}), {(row.Date == default ? "all days" : Text(row.Date))}, {row.Dimension} {row.Id}, {row.Metric}: {expected} expected, {found} found. "
            + $"Day: {stored.Days.GetValueOrDefault(row.Date)?.ToString() ?? "none"}. {History(desk)}"
            + string.Concat(behind.Take(20).Select(one => $"{Environment.NewLine}    {one.CreatedAt} {one.Id} value {one.Value}, conversation {one.ConversationId}: {Sent(one.Id)}"))
            + (behind.Count > 20 ? $"{Environment.NewLine}    and {behind.Count - 20} more" : ""));
    }

    private string Sent(Guid id) =>
        "sent with " + string.Join(", ", load.Messages.Where(message => message.Events.Any(one => one.Id == id)).Select(message => $"message {message.Number}"));

    private string History(Desk desk) => "Done to it: " + string.Join(", ", done.Where(operation => operation.Account is null || operation.Account == desk.Id)
        .Select(operation => $"{(operation is Operation.ChangeZone { Zone: var zone } ? $"zone {zone}" : operation.GetType().Name)} at {operation.At}")) + ".";

    private static string Text(LocalDate date) => date.ToString("uuuu-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
