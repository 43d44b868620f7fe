namespace Tally.Billing.Refresh;

/// <summary>
/// The one statement that makes a day's facts equal to its notifications. Rows that are right already are not written.
/// Parameters: those of <see cref="BilledSql"/>, <c>@day</c>, <c>@now</c>, <c>@run_id</c>, <c>@force</c>, <c>@settled</c>.
/// </summary>
/// <remarks>
/// No step joins two intermediate results except by the FULL JOIN, which hashes whatever the statistics say: facts of a
/// new day are unknown to the planner, and one nested loop over them turns half a second into a minute.
/// </remarks>
internal static class FactSql
{
    /// <summary>For an open month: the facts change, and every change is recorded.</summary>
    public static string Rebuild(bool allServices) => Compose("rebuild_day", allServices, [FactWriteSql.Sql, RecordApplied]);

    /// <summary>For a closed month: the facts stay, and what should change is recorded as held, once.</summary>
    public static string Hold(bool allServices) => Compose("hold_day", allServices, [CompareWithHeld, RecordHeld, Supersede]);

    private static string Compose(string verb, bool allServices, IEnumerable<string> effects)
    {
        var source = allServices ? BilledSql.AllServices : BilledSql.SomeServices;
        var scope = allServices ? "" : "AND service_id = ANY (@services)";
        return $"""
            /* tally:billing.{verb} */
            WITH rate_of_day AS MATERIALIZED (
                SELECT ({Rates.SmsRateSql}) AS sms
            ),
            computed AS (
                SELECT source.*, 1 AS copy, CASE notification_type WHEN 'sms' THEN (SELECT sms FROM rate_of_day) ELSE 0 END AS rate
                FROM ({source}) source
            ),
            -- A day may hold one price group at two rates, from a system that kept the old row after a rate correction.
            -- The one at the day's rate is the fact, or else the one at the lowest; the other copies vanish.
            stored AS (
                SELECT ctid AS fact, facts.*, coalesce(updated_at, created_at) AS computed_at,
                       CASE WHEN rate = {RateOf("facts")} THEN 1 ELSE 1 + (
                           SELECT count(*) FROM billing.ft_billing better
                           WHERE better.local_date = @day AND better.template_id = facts.template_id AND better.service_id = facts.service_id
                             AND better.notification_type = facts.notification_type AND better.provider = facts.provider
                             AND better.rate_multiplier = facts.rate_multiplier AND better.international = facts.international
                             AND (better.rate < facts.rate OR better.rate = {RateOf("better")})) END AS copy
                FROM billing.ft_billing facts
                WHERE local_date = @day {scope}
            ),
            held AS MATERIALIZED (
                SELECT * FROM billing.corrections WHERE local_date = @day AND state = 'held' {scope}
            ),
            differences AS MATERIALIZED (
                SELECT stored.fact, stored.created_at, stored.computed_at, @day AS local_date, computed.copy IS NULL AS is_gone,
                       {Either("template_id")}, {Either("service_id")}, {Either("notification_type")},
                       {Either("provider")}, {Either("rate_multiplier")}, {Either("international")},
                       {FromTo("rate")}, {FromTo("billable_units")}, {FromTo("notifications_sent")}
                FROM computed FULL JOIN stored
                  ON  stored.template_id = computed.template_id AND stored.service_id = computed.service_id
                  AND stored.notification_type = computed.notification_type AND stored.provider = computed.provider
                  AND stored.rate_multiplier = computed.rate_multiplier AND stored.international = computed.international
                  AND stored.copy = computed.copy
                WHERE (stored.rate, stored.billable_units, stored.notifications_sent)
                      IS DISTINCT FROM (computed.rate, computed.billable_units, computed.notifications_sent)
            ),
            unrated AS MATERIALIZED (
                SELECT EXISTS (SELECT FROM differences WHERE rate_to IS NULL AND NOT is_gone) AS is_missing
            ),
            -- Services whose messages of the day are gone altogether: purged, not unsent.
            purged AS MATERIALIZED (
                SELECT service_id
                FROM (SELECT service_id FROM differences WHERE rate_to IS NULL UNION SELECT service_id FROM held) doubtful
                WHERE NOT @force AND NOT EXISTS (
                    SELECT FROM billing.notifications_all_time_view sent
                    WHERE sent.service_id = doubtful.service_id AND sent.created_at >= @from AND sent.created_at < @to OFFSET 0)
            ),
            changes AS MATERIALIZED (
                SELECT * FROM differences
                WHERE service_id NOT IN (SELECT service_id FROM purged)
                  AND NOT (SELECT is_missing FROM unrated)
            ),
            {string.Join(",\n", effects)}
            SELECT
                @day AS local_date,
                count(*) FILTER (WHERE fact IS NULL) AS inserted,
                count(*) FILTER (WHERE fact IS NOT NULL AND rate_to IS NOT NULL) AS updated,
                count(*) FILTER (WHERE rate_to IS NULL) AS removed,
                (SELECT count(*) FROM differences WHERE service_id IN (SELECT service_id FROM purged)) AS kept,
                (SELECT is_missing FROM unrated) AS unrated
            FROM changes
            """;
    }

    // A fact that appears is no change while its service's day is computed for the first time, or is still running; unless
    // it vanished before: who reads that it went must read that it came back.
    private const string RecordApplied = $"""
        vanished AS MATERIALIZED (
            SELECT template_id, service_id, notification_type, provider, rate_multiplier, international
            FROM billing.corrections
            WHERE local_date = @day AND state = 'applied' AND rate_to IS NULL
        ),
        computed_after AS MATERIALIZED (
            SELECT service_id FROM billing.ft_billing WHERE local_date = @day AND coalesce(updated_at, created_at) >= @to
        ),
        recorded AS (
            INSERT INTO billing.corrections (run_id, recorded_at, state, decided_at, provisional, {CorrectionColumns})
            SELECT @run_id, @now, 'applied', @now,
                   NOT @settled AND CASE
                       WHEN fact IS NOT NULL THEN computed_at < @to
                       ELSE service_id NOT IN (SELECT service_id FROM computed_after)
                   END,
                   {CorrectionColumns}
            FROM changes
            WHERE fact IS NOT NULL OR @settled OR service_id IN (SELECT service_id FROM computed_after)
               OR (template_id, service_id, notification_type, provider, rate_multiplier, international) IN (SELECT * FROM vanished)
            ORDER BY service_id, template_id, notification_type, provider, rate_multiplier, international
        )
        """;

    private const string CompareWithHeld = $"""
        compared AS MATERIALIZED (
            SELECT {CorrectionColumns}, max(held_id) AS held_id, bool_or(is_change) AS is_change
            FROM (SELECT {CorrectionColumns}, NULL::bigint AS held_id, true AS is_change FROM changes
                  UNION ALL
                  SELECT {CorrectionColumns}, id, false FROM held WHERE service_id NOT IN (SELECT service_id FROM purged)) sides
            GROUP BY {CorrectionColumns}
        )
        """;

    private const string RecordHeld = $"""
        recorded AS (
            INSERT INTO billing.corrections (run_id, recorded_at, state, provisional, {CorrectionColumns})
            SELECT @run_id, @now, 'held', false, {CorrectionColumns}
            FROM compared
            WHERE held_id IS NULL
            ORDER BY service_id, template_id, notification_type, provider, rate_multiplier, international
        )
        """;

    private const string Supersede = """
        superseded AS (
            UPDATE billing.corrections SET state = 'superseded', decided_at = @now
            WHERE id = ANY (ARRAY(SELECT held_id FROM compared WHERE NOT is_change))
        )
        """;

    private const string CorrectionColumns =
        "local_date, template_id, service_id, notification_type, provider, rate_multiplier, international, rate_from, rate_to, " +
        "billable_units_from, billable_units_to, notifications_sent_from, notifications_sent_to";

    private static string RateOf(string facts) => $"CASE {facts}.notification_type WHEN 'sms' THEN (SELECT sms FROM rate_of_day) ELSE 0 END";

    private static string Either(string column) => $"coalesce(computed.{column}, stored.{column}) AS {column}";

    private static string FromTo(string column) => $"stored.{column} AS {column}_from, computed.{column} AS {column}_to";
}
