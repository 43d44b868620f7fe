-- Reporting: reads, reconcile and retention. Rollups are read by their primary key, one probe for each day.

-- The two bot metrics are not sums of days, so reports count them from the raw events, whatever the range.
CREATE INDEX reporting_events_bot ON reporting.reporting_events (account_id, name, created_at)
    INCLUDE (conversation_id, user_id, inbox_id)
    WHERE name IN ('conversation_bot_resolved', 'conversation_bot_handoff');

-- One walk of a timer over all accounts. At most one of a kind is open; a run whose time is up leaves its place here.
CREATE TABLE reporting.account_passes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('reconcile', 'purge')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    -- Every account up to this one has had its turn; null is the start.
    after_account_id bigint,
    accounts_done bigint NOT NULL DEFAULT 0,
    -- Days verified, or purged.
    days_done bigint NOT NULL DEFAULT 0,
    -- Of the days verified, those that differed.
    days_differing bigint NOT NULL DEFAULT 0,
    lease_owner text,
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX account_passes_open ON reporting.account_passes (kind) WHERE finished_at IS NULL;

-- Rollup rows of covered days that were not what the raw events said. Null amounts: no such row was there, or called for.
CREATE TABLE reporting.rollup_drift (
    account_id bigint NOT NULL,
    found_at timestamptz NOT NULL,
    date date NOT NULL,
    dimension_type text COLLATE "C" NOT NULL,
    dimension_id bigint NOT NULL,
    metric text COLLATE "C" NOT NULL,
    expected_count bigint,
    expected_sum_value numeric,
    expected_sum_value_business_hours numeric,
    found_count bigint,
    found_sum_value numeric,
    found_sum_value_business_hours numeric,
    PRIMARY KEY (account_id, found_at, date, dimension_type, dimension_id, metric)
);

-- Ids of raw events that were removed, for as long as their messages may come again.
CREATE TABLE reporting.purged_events (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    purged_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id)
);

CREATE INDEX purged_events_by_time ON reporting.purged_events (purged_at);
