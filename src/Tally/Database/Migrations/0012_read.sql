-- What other tools may read. Stable from here on: columns are added, never renamed or taken away. The views read with
-- their owner's rights, so that a role that may read them needs nothing else; comments are what such tools show.
CREATE SCHEMA tally_read;

CREATE VIEW tally_read.accounts AS
SELECT id AS account_id, name, reporting_timezone AS timezone, compared_rules AS zone_data, days_on_record AS is_on_record,
       report_rollup AS reads_rollups, created_at
FROM reporting.accounts;
COMMENT ON VIEW tally_read.accounts IS 'Accounts.';
COMMENT ON COLUMN tally_read.accounts.account_id IS 'The account.';
COMMENT ON COLUMN tally_read.accounts.name IS 'Its name.';
COMMENT ON COLUMN tally_read.accounts.timezone IS 'IANA id of the zone that its days are cut in; empty: nothing is rolled up.';
COMMENT ON COLUMN tally_read.accounts.zone_data IS 'Version of the time zone data that the windows of its days were last compared with. Empty: they were not, and no day counts as covered.';
COMMENT ON COLUMN tally_read.accounts.is_on_record IS 'Whether every event lies in a row of days: only then has a date without one no events.';
COMMENT ON COLUMN tally_read.accounts.reads_rollups IS 'Whether its reports read rollups.';
COMMENT ON COLUMN tally_read.accounts.created_at IS 'When it was created.';

-- Which window a date has is time zone data's to say, and these are the process's: it compares, and marks dirty what differs.
-- What can be seen here is that no other window reaches into the day's, be it of a row or of a base, whose events are gone.
-- Two cuts of one date lie 26 hours apart at most, so two dates on either side are enough.
CREATE VIEW tally_read.days AS
SELECT d.account_id, d.date, d.day_start, d.day_end, d.state,
       a.reporting_timezone IS NOT NULL AND a.compared_rules IS NOT NULL AND d.state IN ('live', 'complete')
       AND NOT EXISTS (
           SELECT FROM reporting.reporting_days o
           WHERE o.account_id = d.account_id AND o.date BETWEEN d.date - 2 AND d.date + 2 AND o.date <> d.date
             AND o.day_start < d.day_end AND d.day_start < o.day_end)
       AND NOT EXISTS (
           SELECT FROM reporting.rollup_bases b
           WHERE b.account_id = d.account_id AND b.date BETWEEN d.date - 2 AND d.date + 2 AND (b.day_start, b.day_end) <> (d.day_start, d.day_end)
             AND b.day_start < d.day_end AND d.day_start < b.day_end) AS is_covered,
       EXISTS (
           SELECT FROM reporting.rollup_bases b
           WHERE b.account_id = d.account_id AND b.date = d.date AND b.day_start = d.day_start AND b.day_end = d.day_end) AS has_base,
       d.events_count, d.built_at, d.updated_at
FROM reporting.reporting_days d JOIN reporting.accounts a ON a.id = d.account_id;
COMMENT ON VIEW tally_read.days IS 'Days of accounts that have events or were built. A day without a row has no rollups.';
COMMENT ON COLUMN tally_read.days.account_id IS 'The account.';
COMMENT ON COLUMN tally_read.days.date IS 'The day, in the account''s zone.';
COMMENT ON COLUMN tally_read.days.day_start IS 'First instant of the window that the rollups were cut with.';
COMMENT ON COLUMN tally_read.days.day_end IS 'Where that window ends, itself no part of it.';
COMMENT ON COLUMN tally_read.days.state IS 'live: counted as events come. complete: built from its base and raw events. dirty: waits to be rebuilt.';
COMMENT ON COLUMN tally_read.days.is_covered IS 'Whether its rollups are known to hold every event of the day, in the window that accounts.zone_data give it.';
COMMENT ON COLUMN tally_read.days.has_base IS 'Whether its rollups hold totals of events that were removed since: its base.';
COMMENT ON COLUMN tally_read.days.events_count IS 'Stored events of the day when it was last built, and since.';
COMMENT ON COLUMN tally_read.days.built_at IS 'When it was last built from raw events.';
COMMENT ON COLUMN tally_read.days.updated_at IS 'When it last changed.';

CREATE VIEW tally_read.daily_rollups AS
SELECT r.account_id, r.date, r.dimension_type, r.dimension_id, r.metric, r.count,
       r.sum_value AS sum_seconds, r.sum_value_business_hours AS sum_seconds_business_hours,
       coalesce(d.state, 'none') AS day_state, coalesce(d.is_covered, false) AS is_covered, r.updated_at
FROM reporting.reporting_events_rollups r
LEFT JOIN tally_read.days d ON d.account_id = r.account_id AND d.date = r.date;
COMMENT ON VIEW tally_read.daily_rollups IS 'Totals of a day: one row for each account, agent or inbox and metric. An average is sum(sum_seconds) / sum(count).';
COMMENT ON COLUMN tally_read.daily_rollups.account_id IS 'The account.';
COMMENT ON COLUMN tally_read.daily_rollups.date IS 'The day, in the account''s zone.';
COMMENT ON COLUMN tally_read.daily_rollups.dimension_type IS 'Whose total: account, agent or inbox. Sum over one of them alone.';
COMMENT ON COLUMN tally_read.daily_rollups.dimension_id IS 'Its id; of the account, the account''s.';
COMMENT ON COLUMN tally_read.daily_rollups.metric IS 'first_response, resolution_time, reply_time: averages. resolutions_count, bot_resolutions_count, bot_handoffs_count: counts. The last two do not add up over days.';
COMMENT ON COLUMN tally_read.daily_rollups.count IS 'Events of the day.';
COMMENT ON COLUMN tally_read.daily_rollups.sum_seconds IS 'Their seconds.';
COMMENT ON COLUMN tally_read.daily_rollups.sum_seconds_business_hours IS 'Their seconds within business hours.';
COMMENT ON COLUMN tally_read.daily_rollups.day_state IS 'As in days; none: the day has no row there.';
COMMENT ON COLUMN tally_read.daily_rollups.is_covered IS 'As in days: false means that events of the day may be missing here, or be here that are no longer its own.';
COMMENT ON COLUMN tally_read.daily_rollups.updated_at IS 'When the row last changed.';

CREATE VIEW tally_read.monthly_counts AS
SELECT n.traversal_ids[1] AS top_level_namespace_id, c.namespace_id, n.type AS namespace_type,
       (ARRAY['projects', 'issues', 'groups', 'merge_requests', 'pipelines', 'direct_members'])[c.metric] AS metric,
       c.period_month AS month, c.count, c.recorded_at,
       (r.finished_at IS NOT NULL) IS TRUE AS is_month_complete
FROM value_stream.value_stream_dashboard_counts c
LEFT JOIN value_stream.namespaces n ON n.id = c.namespace_id
LEFT JOIN value_stream.value_stream_dashboard_runs r ON r.top_level_namespace_id = n.traversal_ids[1] AND r.period_month = c.period_month;
COMMENT ON VIEW tally_read.monthly_counts IS 'What a namespace itself held when it was counted in a month. A group''s tree is the sum over its namespaces, direct members apart.';
COMMENT ON COLUMN tally_read.monthly_counts.top_level_namespace_id IS 'The top-level group; empty if the namespace is gone.';
COMMENT ON COLUMN tally_read.monthly_counts.namespace_id IS 'The group, or the project''s namespace.';
COMMENT ON COLUMN tally_read.monthly_counts.namespace_type IS 'Group or Project.';
COMMENT ON COLUMN tally_read.monthly_counts.metric IS 'projects, issues, groups, merge_requests, pipelines or direct_members.';
COMMENT ON COLUMN tally_read.monthly_counts.month IS 'First day of the month that was counted, UTC.';
COMMENT ON COLUMN tally_read.monthly_counts.count IS 'How many, whatever their state.';
COMMENT ON COLUMN tally_read.monthly_counts.recorded_at IS 'When it was counted.';
COMMENT ON COLUMN tally_read.monthly_counts.is_month_complete IS 'Whether every namespace of the top-level group is counted in this month: only then are sums over the group whole.';

CREATE VIEW tally_read.billing_months AS
SELECT s.organization_id, o.name AS organization_name, f.service_id, s.name AS service_name, f.month, f.notification_type, f.rate,
       f.notifications_sent, f.billable_units AS fragments, f.chargeable_units,
       CASE f.notification_type WHEN 'sms' THEN f.chargeable_units * f.rate ELSE 0 END AS cost_before_allowance,
       c.month IS NOT NULL AS is_closed
FROM billing.ft_billing_monthly f
LEFT JOIN billing.services s ON s.id = f.service_id
LEFT JOIN billing.organization o ON o.id = s.organization_id
LEFT JOIN billing.closed_months c ON c.month = f.month AND c.reopened_at IS NULL;
COMMENT ON VIEW tally_read.billing_months IS 'What a service sent in a month, at each rate. The free allowance is not taken off: ''tally billing organization'' does that.';
COMMENT ON COLUMN tally_read.billing_months.organization_id IS 'The service''s organization; empty without one.';
COMMENT ON COLUMN tally_read.billing_months.organization_name IS 'Its name.';
COMMENT ON COLUMN tally_read.billing_months.service_id IS 'The service.';
COMMENT ON COLUMN tally_read.billing_months.service_name IS 'Its name.';
COMMENT ON COLUMN tally_read.billing_months.month IS 'First day of the month, UTC.';
COMMENT ON COLUMN tally_read.billing_months.notification_type IS 'sms or email.';
COMMENT ON COLUMN tally_read.billing_months.rate IS 'Price of a fragment.';
COMMENT ON COLUMN tally_read.billing_months.notifications_sent IS 'Messages.';
COMMENT ON COLUMN tally_read.billing_months.fragments IS 'Their fragments.';
COMMENT ON COLUMN tally_read.billing_months.chargeable_units IS 'Fragments times their multiplier.';
COMMENT ON COLUMN tally_read.billing_months.cost_before_allowance IS 'Chargeable units times rate: what it costs if nothing is free. 0 for email.';
COMMENT ON COLUMN tally_read.billing_months.is_closed IS 'Whether the month is closed against change.';

CREATE VIEW tally_read.backfills AS
SELECT r.id AS request_id, r.account_id, r.from_date, r.to_date, r.reason, r.requested_at, r.cancelled_at,
       greatest(r.days_total, p.days_done) AS days_total, p.days_done, p.days_failed, p.last_finished_at,
       CASE WHEN p.days_done >= r.days_total THEN 'completed' WHEN r.cancelled_at IS NULL THEN 'running' ELSE 'cancelled' END AS state
FROM reporting.backfill_requests r
CROSS JOIN LATERAL (
    SELECT (count(*) FILTER (WHERE outcome <> 'failed'))::integer AS days_done, (count(*) FILTER (WHERE outcome = 'failed'))::integer AS days_failed,
           max(finished_at) AS last_finished_at
    FROM reporting.backfill_days d WHERE d.account_id = r.account_id AND d.request_id = r.id) p;
COMMENT ON VIEW tally_read.backfills IS 'Requests to rebuild days, and how far they are.';
COMMENT ON COLUMN tally_read.backfills.request_id IS 'The request.';
COMMENT ON COLUMN tally_read.backfills.account_id IS 'Whose days.';
COMMENT ON COLUMN tally_read.backfills.from_date IS 'First day.';
COMMENT ON COLUMN tally_read.backfills.to_date IS 'Last day, included.';
COMMENT ON COLUMN tally_read.backfills.reason IS 'Who or what asked.';
COMMENT ON COLUMN tally_read.backfills.requested_at IS 'When.';
COMMENT ON COLUMN tally_read.backfills.cancelled_at IS 'When it was cancelled.';
COMMENT ON COLUMN tally_read.backfills.days_total IS 'Days of the range that hold events or rollups.';
COMMENT ON COLUMN tally_read.backfills.days_done IS 'Days rebuilt, found right, or kept.';
COMMENT ON COLUMN tally_read.backfills.days_failed IS 'Days that could not be rebuilt.';
COMMENT ON COLUMN tally_read.backfills.last_finished_at IS 'When a day was last done or failed.';
COMMENT ON COLUMN tally_read.backfills.state IS 'running, completed or cancelled.';

CREATE VIEW tally_read.drift AS
SELECT f.account_id, f.date, f.dimension_type, f.dimension_id, f.metric, f.found_at,
       f.expected_count, f.found_count, f.expected_sum_value AS expected_sum_seconds, f.found_sum_value AS found_sum_seconds,
       (d.state <> 'dirty' AND d.built_at >= f.found_at) IS TRUE AS is_rebuilt
FROM reporting.rollup_drift f
LEFT JOIN reporting.reporting_days d ON d.account_id = f.account_id AND d.date = f.date;
COMMENT ON VIEW tally_read.drift IS 'Rollup rows of covered days that were not what the raw events said. There should be none.';
COMMENT ON COLUMN tally_read.drift.account_id IS 'The account.';
COMMENT ON COLUMN tally_read.drift.date IS 'The day.';
COMMENT ON COLUMN tally_read.drift.dimension_type IS 'As in daily_rollups.';
COMMENT ON COLUMN tally_read.drift.dimension_id IS 'As in daily_rollups.';
COMMENT ON COLUMN tally_read.drift.metric IS 'As in daily_rollups.';
COMMENT ON COLUMN tally_read.drift.found_at IS 'When it was found.';
COMMENT ON COLUMN tally_read.drift.expected_count IS 'What the raw events said; empty: no such row.';
COMMENT ON COLUMN tally_read.drift.found_count IS 'What the row said; empty: there was none.';
COMMENT ON COLUMN tally_read.drift.expected_sum_seconds IS 'The same, in seconds.';
COMMENT ON COLUMN tally_read.drift.found_sum_seconds IS 'The same, in seconds.';
COMMENT ON COLUMN tally_read.drift.is_rebuilt IS 'Whether the day was built anew since.';

CREATE VIEW tally_read.poison_messages AS
SELECT queue, message_id, failed_at, tries, reason, redriven_at
FROM reporting.poison_messages;
COMMENT ON VIEW tally_read.poison_messages IS 'Messages that failed their last try, for a year or until somebody deals with them.';
COMMENT ON COLUMN tally_read.poison_messages.queue IS 'The queue that it came from.';
COMMENT ON COLUMN tally_read.poison_messages.message_id IS 'Its id there.';
COMMENT ON COLUMN tally_read.poison_messages.failed_at IS 'When its last try failed.';
COMMENT ON COLUMN tally_read.poison_messages.tries IS 'How often it was tried.';
COMMENT ON COLUMN tally_read.poison_messages.reason IS 'Why it failed.';
COMMENT ON COLUMN tally_read.poison_messages.redriven_at IS 'When it was put on its queue again; empty: nobody has dealt with it.';

CREATE VIEW tally_read.timers AS
SELECT timer, started_at, finished_at, outcome, detail FROM (
    SELECT 'reconcile' AS timer, started_at, finished_at, lease_until, format('%s accounts, %s days, %s differing', accounts_done, days_done, days_differing) AS detail,
           CASE WHEN finished_at IS NOT NULL THEN 'completed' WHEN lease_until > clock_timestamp() THEN 'running' ELSE 'goes on' END AS outcome
    FROM (SELECT started_at, finished_at, lease_until, accounts_done, days_done, days_differing FROM reporting.account_passes WHERE kind = 'reconcile' ORDER BY id DESC LIMIT 1) pass
    UNION ALL
    SELECT 'purge', started_at, finished_at, lease_until, format('%s accounts, %s days', accounts_done, days_done),
           CASE WHEN finished_at IS NOT NULL THEN 'completed' WHEN lease_until > clock_timestamp() THEN 'running' ELSE 'goes on' END
    FROM (SELECT started_at, finished_at, lease_until, accounts_done, days_done, days_differing FROM reporting.account_passes WHERE kind = 'purge' ORDER BY id DESC LIMIT 1) pass
    UNION ALL
    SELECT 'value stream', max(nullif(last_turn_at, '-infinity')), CASE WHEN bool_and(finished_at IS NOT NULL) THEN max(finished_at) END, max(lease_until),
           format('%s of %s groups complete in %s', count(finished_at), count(*), to_char(max(period_month), 'YYYY-MM')),
           CASE WHEN bool_or(failed_at IS NOT NULL) THEN 'failed' WHEN bool_and(finished_at IS NOT NULL) THEN 'completed' WHEN max(lease_until) > clock_timestamp() THEN 'running' ELSE 'goes on' END
    FROM value_stream.value_stream_dashboard_runs
    WHERE period_month = (SELECT max(period_month) FROM value_stream.value_stream_dashboard_runs)
    HAVING count(*) > 0
    UNION ALL
    SELECT 'billing ' || r.kind, r.started_at, r.finished_at, NULL,
           format('%s of %s days', count(d.finished_at), count(*)) || coalesce('; ' || min(d.error), ''),
           CASE WHEN count(d.error) > 0 THEN 'failed' WHEN r.finished_at IS NOT NULL THEN 'completed' ELSE 'goes on' END
    FROM (SELECT DISTINCT ON (kind) id, kind, started_at, finished_at FROM billing.refresh_runs ORDER BY kind, started_at DESC) r
    LEFT JOIN billing.refresh_run_days d ON d.run_id = r.id
    GROUP BY r.id, r.kind, r.started_at, r.finished_at
) one;
COMMENT ON VIEW tally_read.timers IS 'The last run of each timer that found something to do. The billing timer has three kinds of run: today, nightly, and manual by hand.';
COMMENT ON COLUMN tally_read.timers.timer IS 'reconcile, purge, value stream, billing today, billing nightly or billing manual.';
COMMENT ON COLUMN tally_read.timers.started_at IS 'When it began; of the value stream, its latest turn.';
COMMENT ON COLUMN tally_read.timers.finished_at IS 'When all was done.';
COMMENT ON COLUMN tally_read.timers.outcome IS 'completed. running. goes on: the next tick takes it up. failed: detail says why.';
COMMENT ON COLUMN tally_read.timers.detail IS 'What it did, or the first error.';
