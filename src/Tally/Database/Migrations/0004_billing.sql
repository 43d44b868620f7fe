-- Billing: what was sent (notifications), what it costs (rates, allowances), and the facts derived from both.
-- Every column that a row can do without has a default, so that a sender's export loads with the columns it has.

-- Domains instead of enum types: the same closed sets of values, yet plain text to every driver and to COPY.
CREATE DOMAIN billing.notification_types AS text
    CHECK (VALUE IN ('sms', 'email', 'letter'));
CREATE DOMAIN billing.key_types AS text
    CHECK (VALUE IN ('normal', 'team', 'test'));
CREATE DOMAIN billing.notify_statuses AS text
    CHECK (VALUE IN ('cancelled', 'created', 'sending', 'sent', 'delivered', 'pending', 'failed', 'technical-failure',
        'temporary-failure', 'permanent-failure', 'pending-virus-check', 'validation-failed', 'virus-scan-failed'));
CREATE DOMAIN billing.organization_types AS text
    CHECK (VALUE IN ('federal', 'state', 'other'));
CREATE DOMAIN billing.service_permission_types AS text
    CHECK (VALUE IN ('email', 'sms', 'international_sms', 'inbound_sms', 'schedule_notifications', 'email_auth',
        'upload_document', 'edit_folder_permissions'));

CREATE TABLE billing.organization (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL DEFAULT gen_random_uuid(),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz,
    email_branding_id uuid,
    agreement_signed boolean,
    agreement_signed_at timestamptz,
    agreement_signed_by_id uuid,
    agreement_signed_version double precision,
    agreement_signed_on_behalf_of_name varchar(255),
    agreement_signed_on_behalf_of_email_address varchar(255),
    organization_type billing.organization_types,
    request_to_go_live_notes text,
    notes text,
    purchase_order_number varchar(255),
    billing_contact_names text,
    billing_contact_email_addresses text,
    billing_reference varchar(255)
);
CREATE UNIQUE INDEX ix_organization_name ON billing.organization (name);

CREATE TABLE billing.services (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz,
    active boolean NOT NULL DEFAULT true,
    message_limit bigint NOT NULL DEFAULT 1000,
    total_message_limit integer,
    restricted boolean NOT NULL DEFAULT false,
    email_from text NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    created_by_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    version integer NOT NULL DEFAULT 1,
    organization_type billing.organization_types,
    prefix_sms boolean NOT NULL DEFAULT true,
    rate_limit integer NOT NULL DEFAULT 3000,
    contact_link varchar(255),
    consent_to_research boolean,
    volume_email integer,
    volume_sms integer,
    count_as_live boolean NOT NULL DEFAULT true,
    go_live_at timestamptz,
    go_live_user_id uuid,
    organization_id uuid REFERENCES billing.organization (id),
    notes text,
    billing_contact_email_addresses text,
    billing_contact_names text,
    billing_reference varchar(255),
    purchase_order_number varchar(255)
);
CREATE INDEX ix_services_organization_id ON billing.services (organization_id);

CREATE TABLE billing.service_permissions (
    service_id uuid NOT NULL REFERENCES billing.services (id) ON DELETE CASCADE,
    permission billing.service_permission_types NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, permission)
);

-- The columns that both message tables share, once.
CREATE TABLE billing.notification_history (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id uuid,
    job_row_number integer,
    service_id uuid REFERENCES billing.services (id),
    template_id uuid,
    template_version integer NOT NULL DEFAULT 1,
    api_key_id uuid,
    key_type billing.key_types NOT NULL DEFAULT 'normal',
    billable_units integer NOT NULL DEFAULT 0,
    notification_type billing.notification_types NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    sent_by varchar,
    updated_at timestamptz,
    notification_status billing.notify_statuses DEFAULT 'created',
    reference varchar,
    client_reference varchar,
    international boolean,
    phone_prefix varchar,
    rate_multiplier numeric,
    created_by_id uuid,
    document_download_count integer,
    carrier text
);

CREATE TABLE billing.notifications (
    LIKE billing.notification_history INCLUDING DEFAULTS,
    "to" varchar,
    normalised_to varchar,
    _personalisation varchar,
    reply_to_text varchar,
    provider_response text,
    queue_name text,
    PRIMARY KEY (id),
    FOREIGN KEY (service_id) REFERENCES billing.services (id)
);

-- A day of all services, and a day of one service, are each one range of an index.
CREATE INDEX ix_notifications_created_at ON billing.notifications (created_at);
CREATE INDEX ix_notifications_service_id_created_at ON billing.notifications (service_id, created_at);
CREATE INDEX ix_notification_history_created_at ON billing.notification_history (created_at);
CREATE INDEX ix_notification_history_service_id_created_at ON billing.notification_history (service_id, created_at);

-- Each message once. While the archiver copies, a message may stand in both tables, and its copies may differ in any
-- column: the live one counts. OFFSET 0 keeps the planner from reading the whole live table into a hash: a read costs
-- one probe of the primary key for each archived row that it touches, however large the tables are.
CREATE VIEW billing.notifications_all_time_view AS
SELECT id, job_id, job_row_number, service_id, template_id, template_version, api_key_id, key_type, billable_units,
       notification_type, created_at, sent_at, sent_by, updated_at, notification_status, reference, client_reference,
       international, phone_prefix, rate_multiplier, created_by_id, document_download_count
FROM billing.notifications
UNION ALL
SELECT id, job_id, job_row_number, service_id, template_id, template_version, api_key_id, key_type, billable_units,
       notification_type, created_at, sent_at, sent_by, updated_at, notification_status, reference, client_reference,
       international, phone_prefix, rate_multiplier, created_by_id, document_download_count
FROM billing.notification_history archived
WHERE NOT EXISTS (SELECT FROM billing.notifications live WHERE live.id = archived.id OFFSET 0);

-- Price of one SMS fragment from valid_from on. The bounds keep every sum within a decimal's 28 digits.
CREATE TABLE billing.rates (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    valid_from timestamptz NOT NULL,
    rate numeric NOT NULL CHECK (rate >= 0 AND rate < 100000 AND scale(rate) <= 10),
    notification_type billing.notification_types NOT NULL,
    CONSTRAINT uix_rates_notification_type_valid_from UNIQUE (notification_type, valid_from)
);

CREATE TABLE billing.annual_billing (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    service_id uuid NOT NULL REFERENCES billing.services (id),
    financial_year_start integer NOT NULL,
    free_sms_fragment_limit integer NOT NULL CHECK (free_sms_fragment_limit >= 0),
    updated_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uix_service_id_financial_year_start UNIQUE (service_id, financial_year_start)
);

-- The facts: one row per day and price group. Only measures change in place, and no index holds one.
CREATE TABLE billing.ft_billing (
    local_date date NOT NULL,
    template_id uuid NOT NULL,
    service_id uuid NOT NULL,
    notification_type text NOT NULL,
    provider text NOT NULL,
    rate_multiplier integer NOT NULL,
    international boolean NOT NULL,
    rate numeric NOT NULL,
    billable_units bigint NOT NULL,
    notifications_sent bigint NOT NULL,
    updated_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ft_billing_pkey PRIMARY KEY
        (local_date, template_id, service_id, notification_type, provider, rate_multiplier, international, rate)
) WITH (fillfactor = 80);
CREATE INDEX ix_ft_billing_service_id_local_date ON billing.ft_billing (service_id, local_date);

-- The facts' sums per month, so that a year of an organization is a few rows for each service. Triggers keep it equal
-- to the facts in the transaction that changes them, whoever does.
CREATE TABLE billing.ft_billing_monthly (
    service_id uuid NOT NULL,
    month date NOT NULL,
    notification_type text NOT NULL,
    rate numeric NOT NULL,
    facts bigint NOT NULL,
    notifications_sent bigint NOT NULL,
    billable_units bigint NOT NULL,
    chargeable_units bigint NOT NULL,
    PRIMARY KEY (service_id, month, notification_type, rate)
) WITH (fillfactor = 80);

CREATE FUNCTION billing.sum_up_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign CONSTANT integer := TG_ARGV[0];
BEGIN
    -- Two days of one month write the same rows. Locking the month for the short rest of the transaction spares two
    -- refreshes a deadlock; 1836019316 spells "mont".
    PERFORM pg_advisory_xact_lock(1836019316, month - date '2000-01-01')
    FROM (SELECT DISTINCT local_date - extract(day FROM local_date)::integer + 1 AS month FROM facts ORDER BY 1) months;

    INSERT INTO billing.ft_billing_monthly AS sums
        (service_id, month, notification_type, rate, facts, notifications_sent, billable_units, chargeable_units)
    SELECT service_id, local_date - extract(day FROM local_date)::integer + 1, notification_type, rate,
           sign * count(*), sign * sum(notifications_sent), sign * sum(billable_units),
           sign * sum(billable_units * rate_multiplier)
    FROM facts
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (service_id, month, notification_type, rate) DO UPDATE SET
        facts = sums.facts + EXCLUDED.facts,
        notifications_sent = sums.notifications_sent + EXCLUDED.notifications_sent,
        billable_units = sums.billable_units + EXCLUDED.billable_units,
        chargeable_units = sums.chargeable_units + EXCLUDED.chargeable_units;

    IF sign < 0 THEN
        DELETE FROM billing.ft_billing_monthly sums
        WHERE sums.facts = 0 AND sums.service_id = ANY (ARRAY(SELECT DISTINCT service_id FROM facts));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION billing.forget_months() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE billing.ft_billing_monthly;
    RETURN NULL;
END $$;

-- Triggers of one event fire in the order of their names: an update adds before it takes away.
CREATE TRIGGER ft_billing_monthly_add_inserted AFTER INSERT ON billing.ft_billing
    REFERENCING NEW TABLE AS facts EXECUTE FUNCTION billing.sum_up_months('1');
CREATE TRIGGER ft_billing_monthly_add_updated AFTER UPDATE ON billing.ft_billing
    REFERENCING NEW TABLE AS facts EXECUTE FUNCTION billing.sum_up_months('1');
CREATE TRIGGER ft_billing_monthly_take_deleted AFTER DELETE ON billing.ft_billing
    REFERENCING OLD TABLE AS facts EXECUTE FUNCTION billing.sum_up_months('-1');
CREATE TRIGGER ft_billing_monthly_take_updated AFTER UPDATE ON billing.ft_billing
    REFERENCING OLD TABLE AS facts EXECUTE FUNCTION billing.sum_up_months('-1');
CREATE TRIGGER ft_billing_monthly_truncated AFTER TRUNCATE ON billing.ft_billing
    EXECUTE FUNCTION billing.forget_months();

-- Who refreshes on schedule: one worker at a time, by this row.
CREATE TABLE billing.refresh_lease (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    lease_owner text,
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0
);
INSERT INTO billing.refresh_lease DEFAULT VALUES;

-- One row per refresh: 'today' every hour, 'nightly' once for a night with all days that were due, 'manual' by hand.
CREATE TABLE billing.refresh_runs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('today', 'nightly', 'manual')),
    night date CHECK ((night IS NOT NULL) = (kind = 'nightly')),
    services uuid[],
    forced boolean NOT NULL DEFAULT false,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT uix_refresh_runs_night UNIQUE (night)
);

-- The days of a run; finished_at is set in the transaction that writes the day's facts. error: why it could not be
-- refreshed, then finished_at stays empty and the day is due again in the next night.
CREATE TABLE billing.refresh_run_days (
    run_id uuid NOT NULL REFERENCES billing.refresh_runs (id) ON DELETE CASCADE,
    local_date date NOT NULL,
    finished_at timestamptz,
    error text,
    inserted bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    removed bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0,
    kept bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, local_date)
);

-- Days of which all services were refreshed after the day had ended.
CREATE TABLE billing.settled_days (
    local_date date PRIMARY KEY,
    settled_at timestamptz NOT NULL
);

CREATE TABLE billing.closed_months (
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    closed_at timestamptz NOT NULL,
    reopened_at timestamptz,
    PRIMARY KEY (month, closed_at)
);
CREATE UNIQUE INDEX uix_closed_months_month ON billing.closed_months (month) WHERE reopened_at IS NULL;

-- Every change of a fact. A fact that appeared has no "from", one that vanished no "to".
-- state: applied; held (the month is closed, the fact unchanged); superseded (held, then overtaken by another change).
-- provisional: the changed fact had been computed while its day was still running.
CREATE TABLE billing.corrections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES billing.refresh_runs (id),
    recorded_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('applied', 'held', 'superseded')),
    decided_at timestamptz,
    provisional boolean NOT NULL,
    local_date date NOT NULL,
    template_id uuid NOT NULL,
    service_id uuid NOT NULL,
    notification_type text NOT NULL,
    provider text NOT NULL,
    rate_multiplier integer NOT NULL,
    international boolean NOT NULL,
    rate_from numeric,
    rate_to numeric,
    billable_units_from bigint,
    billable_units_to bigint,
    notifications_sent_from bigint,
    notifications_sent_to bigint
);
CREATE INDEX ix_corrections_local_date_service_id ON billing.corrections (local_date, service_id);
CREATE INDEX ix_corrections_held ON billing.corrections (local_date) WHERE state = 'held';

-- A service passed a share of its year's allowance: told once. A row is unsent until a later tick of the worker that
-- handed it over shows that this worker lived to deliver it.
CREATE TABLE billing.usage_thresholds (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    service_id uuid NOT NULL REFERENCES billing.services (id),
    financial_year_start integer NOT NULL,
    percent integer NOT NULL,
    free_sms_fragment_limit integer NOT NULL,
    chargeable_units bigint NOT NULL,
    crossed_at timestamptz NOT NULL,
    handed_over_by text,
    handed_over_at timestamptz,
    sent_at timestamptz,
    CONSTRAINT uix_usage_thresholds UNIQUE (service_id, financial_year_start, percent)
);
CREATE INDEX ix_usage_thresholds_unsent ON billing.usage_thresholds (crossed_at) WHERE sent_at IS NULL;
