-- Reporting: accounts, raw events, daily rollups, the state of each day, backfill requests.
-- Every key leads with the account, so that each table can be distributed by it.

CREATE TABLE reporting.accounts (
    id bigint PRIMARY KEY,
    name text NOT NULL DEFAULT '',
    -- IANA id; without one, events are stored and nothing is rolled up.
    reporting_timezone text,
    -- Since when the zone holds: a day that began later has lived whole under it.
    timezone_set_at timestamptz NOT NULL DEFAULT now(),
    -- Whether reports may read rollups; writing them depends on the zone alone.
    report_rollup boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE reporting.reporting_events (
    account_id bigint NOT NULL,
    -- The producer's id: the idempotency key.
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    -- Seconds.
    value numeric,
    value_in_business_hours numeric,
    user_id bigint,
    inbox_id bigint,
    conversation_id bigint,
    event_start_time timestamptz,
    event_end_time timestamptz,
    -- Decides the local day.
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id)
);

CREATE INDEX reporting_events_by_time ON reporting.reporting_events (account_id, created_at);

-- "Was this conversation handed off before, on this day?" is asked for every handoff that is applied.
CREATE INDEX reporting_events_handoffs ON reporting.reporting_events (account_id, conversation_id, created_at)
    WHERE name = 'conversation_bot_handoff';

CREATE TABLE reporting.reporting_events_rollups (
    account_id bigint NOT NULL,
    date date NOT NULL,
    dimension_type text COLLATE "C" NOT NULL CHECK (dimension_type IN ('account', 'agent', 'inbox', 'team')),
    dimension_id bigint NOT NULL,
    metric text COLLATE "C" NOT NULL,
    count bigint NOT NULL DEFAULT 0 CHECK (count >= 0),
    -- Seconds.
    sum_value numeric NOT NULL DEFAULT 0,
    sum_value_business_hours numeric NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, date, dimension_type, dimension_id, metric)
) WITH (fillfactor = 70); -- room for increments in place: no index holds a column that changes

CREATE TABLE reporting.reporting_days (
    account_id bigint NOT NULL,
    date date NOT NULL,
    -- The zone whose day the rollup rows hold; another zone than the account's makes the day stale.
    timezone text NOT NULL,
    state text NOT NULL CHECK (state IN ('live', 'complete', 'dirty', 'frozen')),
    built_at timestamptz,
    events_count bigint NOT NULL DEFAULT 0 CHECK (events_count >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, date)
) WITH (fillfactor = 70);

CREATE TABLE reporting.backfill_requests (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id bigint NOT NULL,
    from_date date NOT NULL,
    to_date date NOT NULL CHECK (to_date >= from_date),
    -- Whether a day that would lose its history is rebuilt all the same.
    forced boolean NOT NULL DEFAULT false,
    reason text NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL DEFAULT now(),
    cancelled_at timestamptz
);

CREATE INDEX backfill_requests_by_account ON reporting.backfill_requests (account_id, requested_at);

-- What became of each day of a request; a day without a row is still to come.
CREATE TABLE reporting.backfill_days (
    account_id bigint NOT NULL,
    request_id uuid NOT NULL,
    date date NOT NULL,
    -- frozen: kept, because its raw events are gone.
    outcome text NOT NULL CHECK (outcome IN ('rebuilt', 'unchanged', 'frozen', 'failed')),
    error text,
    finished_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, request_id, date)
);

-- A change of the zone, by whatever hand, makes every day that was built before uncovered at once. (A day of
-- another zone is stale by that; but a zone that comes back finds days that missed events in between.)
CREATE FUNCTION reporting.mark_timezone_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.timezone_set_at IS NOT DISTINCT FROM OLD.timezone_set_at THEN
        NEW.timezone_set_at := now();
    END IF;
    UPDATE reporting.reporting_days
    SET state = 'dirty', updated_at = NEW.timezone_set_at
    WHERE account_id = NEW.id AND state IN ('live', 'complete');
    RETURN NEW;
END $$;

CREATE TRIGGER mark_timezone_change BEFORE UPDATE OF reporting_timezone ON reporting.accounts
    FOR EACH ROW WHEN (OLD.reporting_timezone IS DISTINCT FROM NEW.reporting_timezone)
    EXECUTE FUNCTION reporting.mark_timezone_change();
