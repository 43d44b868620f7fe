-- Reporting: a day is the window that it was cut with, and its rollups are its base plus its raw events.

ALTER TABLE reporting.reporting_days ADD COLUMN day_start timestamptz, ADD COLUMN day_end timestamptz;

-- The server's zone data stand in, once, for those that the rows were cut with. Where they differ, or know no such
-- zone, the window matches no day, and the day is built anew.
UPDATE reporting.reporting_days d
SET day_start = CASE WHEN z.name IS NULL THEN 'epoch' ELSE d.date::timestamp AT TIME ZONE z.name END,
    day_end = CASE WHEN z.name IS NULL THEN 'epoch' ELSE (d.date + 1)::timestamp AT TIME ZONE z.name END
FROM (SELECT DISTINCT timezone FROM reporting.reporting_days) used
LEFT JOIN pg_timezone_names z ON z.name = used.timezone
WHERE d.timezone = used.timezone;

-- What a day's rollups hold beyond the raw events that are stored: the totals of events that were removed, under the
-- window they were cut with, which nothing can cut anew.
CREATE TABLE reporting.rollup_bases (
    account_id bigint NOT NULL,
    date date NOT NULL,
    day_start timestamptz NOT NULL,
    day_end timestamptz NOT NULL,
    dimension_type text COLLATE "C" NOT NULL,
    dimension_id bigint NOT NULL,
    metric text COLLATE "C" NOT NULL,
    count bigint NOT NULL CHECK (count >= 0),
    -- Seconds.
    sum_value numeric NOT NULL,
    sum_value_business_hours numeric NOT NULL,
    PRIMARY KEY (account_id, date, day_start, day_end, dimension_type, dimension_id, metric)
);

-- A frozen day's rollups are the totals of its purged events and of later ones, which are stored. Bot events are never purged.
WITH metric (event_name, metric, is_duration) AS (
    VALUES ('conversation_resolved', 'resolutions_count', false), ('conversation_resolved', 'resolution_time', true),
           ('first_response', 'first_response', true), ('reply_time', 'reply_time', true)
),
stored AS (
    SELECT d.account_id, d.date, o.dimension_type, o.dimension_id, m.metric, count(*) AS count,
           sum(CASE WHEN m.is_duration THEN coalesce(e.value, 0) ELSE 0 END) AS sum_value,
           sum(CASE WHEN m.is_duration THEN coalesce(e.value_in_business_hours, 0) ELSE 0 END) AS sum_value_business_hours
    FROM reporting.reporting_days d
    JOIN reporting.reporting_events e ON e.account_id = d.account_id AND e.created_at >= d.day_start AND e.created_at < d.day_end
    JOIN metric m ON m.event_name = e.name
    CROSS JOIN LATERAL (VALUES ('account', e.account_id), ('agent', e.user_id), ('inbox', e.inbox_id)) AS o (dimension_type, dimension_id)
    WHERE d.state = 'frozen' AND o.dimension_id IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
)
INSERT INTO reporting.rollup_bases
SELECT r.account_id, r.date, d.day_start, d.day_end, r.dimension_type, r.dimension_id, r.metric, r.count - coalesce(s.count, 0),
       r.sum_value - coalesce(s.sum_value, 0), r.sum_value_business_hours - coalesce(s.sum_value_business_hours, 0)
FROM reporting.reporting_days d
JOIN reporting.reporting_events_rollups r ON r.account_id = d.account_id AND r.date = d.date
LEFT JOIN stored s ON s.account_id = r.account_id AND s.date = r.date
    AND s.dimension_type = r.dimension_type AND s.dimension_id = r.dimension_id AND s.metric = r.metric
WHERE d.state = 'frozen' AND r.metric NOT IN ('bot_resolutions_count', 'bot_handoffs_count') AND r.count > coalesce(s.count, 0);

-- Whether a day lived whole under its zone is settled when its row is made. A frozen day may lack late events.
UPDATE reporting.reporting_days d
SET state = 'dirty', updated_at = now()
FROM reporting.accounts a
WHERE a.id = d.account_id AND (d.state = 'frozen' OR (d.state = 'live' AND d.day_start < a.timezone_set_at));

UPDATE reporting.reporting_days SET state = 'dirty' WHERE state = 'frozen';

ALTER TABLE reporting.reporting_days
    DROP COLUMN timezone,
    ALTER COLUMN day_start SET NOT NULL,
    ALTER COLUMN day_end SET NOT NULL,
    ADD CHECK (day_start <= day_end),
    DROP CONSTRAINT reporting_days_state_check,
    ADD CONSTRAINT reporting_days_state_check CHECK (state IN ('live', 'complete', 'dirty'));

-- The days that wait for a rebuild are few, whatever the history.
CREATE INDEX reporting_days_dirty ON reporting.reporting_days (account_id, date) WHERE state = 'dirty';

ALTER TABLE reporting.accounts
    -- Whether every event lies in the window of a row of reporting_days, so that a day without one has no events.
    ADD COLUMN days_on_record boolean NOT NULL DEFAULT false,
    -- The version of the time zone data that the account's days were last compared with.
    ADD COLUMN compared_rules text;

-- How many days a request has that hold events or rollups; and whether it drops their bases, which only an operator asks for.
ALTER TABLE reporting.backfill_requests
    ADD COLUMN days_total integer NOT NULL DEFAULT 0,
    ADD COLUMN drops_bases boolean NOT NULL DEFAULT false;
UPDATE reporting.backfill_requests SET days_total = to_date - from_date + 1;
ALTER TABLE reporting.backfill_requests DROP COLUMN forced;

-- kept: the raw events are gone, and what the rollups held became the base.
ALTER TABLE reporting.backfill_days DROP CONSTRAINT backfill_days_outcome_check;
UPDATE reporting.backfill_days SET outcome = 'kept' WHERE outcome = 'frozen';
ALTER TABLE reporting.backfill_days
    ADD CONSTRAINT backfill_days_outcome_check CHECK (outcome IN ('rebuilt', 'unchanged', 'kept', 'failed'));

-- A change of the zone by any hand uncovers every day: events may have come while there was no zone, and lie in no day until
-- they are looked for. Who looks at once, and compares windows, says so, and uncovers only what differs.
CREATE OR REPLACE FUNCTION reporting.mark_timezone_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.timezone_set_at IS NOT DISTINCT FROM OLD.timezone_set_at THEN
        NEW.timezone_set_at := now();
    END IF;
    NEW.days_on_record := false;
    IF current_setting('tally.compares_windows', true) IS DISTINCT FROM 'on' THEN
        UPDATE reporting.reporting_days SET state = 'dirty', updated_at = NEW.timezone_set_at
        WHERE account_id = NEW.id AND state IN ('live', 'complete');
    END IF;
    RETURN NEW;
END $$;
