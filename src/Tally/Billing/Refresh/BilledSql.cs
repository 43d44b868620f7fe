namespace Tally.Billing.Refresh;

/// <summary>
/// The SQL that says what a day's notifications bill: one row per price group. Parameters: <c>@from</c>, <c>@to</c>
/// (the end excluded) and, for some services only, <c>@services</c>.
/// </summary>
/// <remarks>
/// Of SMS everything that reached a carrier is billed, in fragments. Of email the messages are counted; who sent them,
/// where to and in how many units is left aside. Test messages are free. A multiplier rounds half away from zero. A
/// message without a template is billed under the nil template. A message that stands in both tables counts once, as its
/// live copy says, which the view <c>notifications_all_time_view</c> shows row by row.
/// </remarks>
internal static class BilledSql
{
    public const string AllServices = $"""
        WITH sent AS (
            SELECT {Columns} FROM billing.notifications WHERE {Billed}
            UNION ALL
            SELECT {Columns} FROM (SELECT id, {Columns} FROM billing.notification_history WHERE {Billed} ORDER BY id) archived
            WHERE {HasNoLiveCopy}
        )
        {Groups}
        """;

    public const string SomeServices = $"""
        WITH sent AS (
            SELECT {Columns} FROM billing.notifications WHERE {Billed} AND service_id = ANY (@services)
            UNION ALL
            SELECT {Columns} FROM (
                SELECT id, {Columns} FROM billing.notification_history WHERE {Billed} AND service_id = ANY (@services) ORDER BY id) archived
            WHERE {HasNoLiveCopy}
        )
        {Groups}
        """;

    private const string Columns = "template_id, service_id, notification_type, sent_by, rate_multiplier, international, billable_units";

    private const string Billed = """
        created_at >= @from AND created_at < @to
          AND service_id IS NOT NULL
          AND key_type IN ('normal', 'team')
          AND (notification_type = 'sms' AND notification_status IN
                ('sending', 'sent', 'delivered', 'pending', 'temporary-failure', 'permanent-failure')
            OR notification_type = 'email' AND notification_status IN
                ('sending', 'delivered', 'temporary-failure', 'permanent-failure'))
        """;

    // Asked in the order of the ids, neighbours find their pages of the index in the cache: half the time. OFFSET 0 keeps it
    // a probe for each archived row: never a hash of all live ones.
    private const string HasNoLiveCopy = "NOT EXISTS (SELECT FROM billing.notifications live WHERE live.id = archived.id OFFSET 0)";

    private const string Groups = """
        SELECT
            coalesce(template_id, '00000000-0000-0000-0000-000000000000') AS template_id,
            service_id,
            notification_type::text AS notification_type,
            CASE notification_type WHEN 'sms' THEN coalesce(sent_by, 'unknown') ELSE 'ses' END::text AS provider,
            CASE notification_type WHEN 'sms' THEN coalesce(rate_multiplier, 1)::integer ELSE 0 END AS rate_multiplier,
            notification_type = 'sms' AND coalesce(international, false) AS international,
            sum(CASE notification_type WHEN 'sms' THEN billable_units ELSE 0 END)::bigint AS billable_units,
            count(*) AS notifications_sent
        FROM sent
        GROUP BY 1, 2, 3, 4, 5, 6
        """;
}
