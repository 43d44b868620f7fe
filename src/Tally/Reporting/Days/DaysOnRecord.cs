using Dapper;
using NodaTime;
using Npgsql;
using NpgsqlTypes;
using Tally.Database;
using Tally.Reporting.Accounts;
using static Tally.Database.SqlParameters;

namespace Tally.Reporting.Days;

/// <summary>
/// The days of an account that hold events or rollups, found by index: what lies between them costs nothing, be it
/// centuries.
/// </summary>
internal static class DaysOnRecord
{
    // Jumps from one day of UTC that has events to the next.
    private const string EventDates = """
        /* tally:days.of_events */
        WITH RECURSIVE found AS (
            (SELECT created_at FROM reporting.reporting_events
             WHERE account_id = @account_id AND created_at >= @start ORDER BY created_at LIMIT 1)
            UNION ALL
            SELECT (SELECT e.created_at FROM reporting.reporting_events e
                    WHERE e.account_id = @account_id AND e.created_at >= date_trunc('day', f.created_at, 'UTC') + interval '24 hours'
                    ORDER BY e.created_at LIMIT 1)
            FROM found f
            WHERE f.created_at < @end
        )
        SELECT created_at FROM found WHERE created_at < @end
        """;

    private const string WithEvents = """
        /* tally:days.with_events */
        SELECT t.date
        FROM unnest(@dates, @day_starts, @day_ends) AS t (date, day_start, day_end)
        CROSS JOIN LATERAL (
            SELECT FROM reporting.reporting_events e
            WHERE e.account_id = @account_id AND e.created_at >= t.day_start AND e.created_at < t.day_end
            LIMIT 1) e
        """;

    // Rollups without a row of their day are leavings of other hands.
    private const string RecordedDates = """
        /* tally:days.recorded */
        WITH RECURSIVE rolled_up AS (
            (SELECT date FROM reporting.reporting_events_rollups WHERE account_id = @account_id AND date >= @from ORDER BY date LIMIT 1)
            UNION ALL
            SELECT (SELECT r.date FROM reporting.reporting_events_rollups r WHERE r.account_id = @account_id AND r.date > u.date ORDER BY r.date LIMIT 1)
            FROM rolled_up u
            WHERE u.date < @to
        )
        SELECT date FROM reporting.reporting_days WHERE account_id = @account_id AND date BETWEEN @from AND @to
        UNION
        SELECT date FROM rolled_up WHERE date <= @to
        """;

    private const string Uncover = """
        /* tally:days.uncover */
        INSERT INTO reporting.reporting_days AS d (account_id, date, day_start, day_end, state, updated_at)
        SELECT @account_id, t.date, t.day_start, t.day_end, 'dirty', @now
        FROM unnest(@dates, @day_starts, @day_ends) AS t (date, day_start, day_end)
        ORDER BY t.date
        ON CONFLICT (account_id, date) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at
            WHERE d.state = 'dirty' OR (d.day_start, d.day_end) <> (excluded.day_start, excluded.day_end)
        RETURNING d.date
        """;

    private static readonly Instant Earliest = Instant.FromUtc(1, 1, 1, 0, 0);
    private static readonly Instant Latest = Instant.FromUtc(9999, 12, 31, 0, 0);

    /// <summary>
    /// The days from <paramref name="from"/> to <paramref name="to"/> that have events, rollups or a state, ascending. Three
    /// statements, which the connection's transaction bounds by <paramref name="timeout"/>.
    /// </summary>
    public static async Task<IReadOnlyList<LocalDate>> FindAsync(
        NpgsqlConnection connection, long accountId, DateTimeZone zone, LocalDate? from, LocalDate? to, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var recorded = await connection.QueryAsync<LocalDate>(new CommandDefinition(
            RecordedDates, new { account_id = accountId, from = from ?? new LocalDate(1, 1, 1), to = to ?? new LocalDate(9999, 12, 31) },
            commandTimeout: TimedStatement.ClientTimeout(timeout), cancellationToken: cancellationToken));
        var withEvents = await FindWithEventsAsync(connection, accountId, zone, from, to, timeout, cancellationToken);
        return [.. recorded.Union(withEvents).Order()];
    }

    /// <summary>Those of them that have events, ascending. Two of the statements.</summary>
    public static async Task<IReadOnlyList<LocalDate>> FindWithEventsAsync(
        NpgsqlConnection connection, long accountId, DateTimeZone zone, LocalDate? from, LocalDate? to, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var start = from is { } first ? LocalDay.Of(first, zone).Start : Earliest;
        var end = to is { } last ? LocalDay.Of(last, zone).End : Latest;
        var instants = await connection.QueryAsync<Instant>(new CommandDefinition(
            EventDates, new { account_id = accountId, start, end }, commandTimeout: TimedStatement.ClientTimeout(timeout), cancellationToken: cancellationToken));
        var candidates = instants
            .SelectMany(instant =>
            {
                var midnight = instant.InUtc().Date.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();
                var day = LocalDay.Containing(midnight, zone);
                var days = new List<LocalDay> { day };
                while (day.End < midnight + Duration.FromDays(1)) days.Add(day = LocalDay.Of(day.Date.PlusDays(1), zone));
                return days;
            })
            .Where(day => !(day.Date < from) && !(day.Date > to))
            .Distinct()
            .OrderBy(day => day.Date)
            .ToList();
        await using var command = new NpgsqlCommand(WithEvents, connection)
        {
            Parameters = { new NpgsqlParameter<long>("account_id", accountId) }, CommandTimeout = TimedStatement.ClientTimeout(timeout),
        };
        AddDays(command.Parameters, candidates);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var dates = new List<LocalDate>();
        while (await reader.ReadAsync(cancellationToken)) dates.Add(reader.GetFieldValue<LocalDate>(0));
        dates.Sort();
        return dates;
    }

    /// <summary>
    /// Uncovers the days whose windows are not those of the zone, and puts on record, uncovered, those that have events and
    /// no row. Returns every day that is uncovered then, ascending. The transaction holds the account's lock alone; four statements.
    /// </summary>
    public static async Task<IReadOnlyList<LocalDate>> PutAsync(
        NpgsqlConnection connection, long accountId, DateTimeZone zone, Instant now, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var dates = await FindAsync(connection, accountId, zone, null, null, timeout, cancellationToken);
        await using var command = new NpgsqlCommand(Uncover, connection)
        {
            CommandTimeout = TimedStatement.ClientTimeout(timeout),
            Parameters =
            {
                new NpgsqlParameter<long>("account_id", accountId),
                new NpgsqlParameter<Instant>("now", now),
            },
        };
        AddDays(command.Parameters, [.. dates.Select(date => LocalDay.Of(date, zone))]);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var uncovered = new List<LocalDate>();
        while (await reader.ReadAsync(cancellationToken)) uncovered.Add(reader.GetFieldValue<LocalDate>(0));
        uncovered.Sort();
        return uncovered;
    }

    private static void AddDays(NpgsqlParameterCollection parameters, IReadOnlyList<LocalDay> days)
    {
        parameters.Add(Column("dates", days, day => day.Date, NpgsqlDbType.Date));
        parameters.Add(Column("day_starts", days, day => day.Start, NpgsqlDbType.TimestampTz));
        parameters.Add(Column("day_ends", days, day => day.End, NpgsqlDbType.TimestampTz));
    }
}
