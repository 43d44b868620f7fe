-- What is on its way between the database and the queues, what could not be applied, and what was erased.

-- An alert belongs to the limit that it was told of: another limit is told anew. It counts as sent once the queue has it.
ALTER TABLE billing.usage_thresholds
    DROP CONSTRAINT uix_usage_thresholds,
    ADD CONSTRAINT uix_usage_thresholds UNIQUE (service_id, financial_year_start, percent, free_sms_fragment_limit),
    DROP COLUMN handed_over_by,
    DROP COLUMN handed_over_at;

-- When the request's messages were put. A request without it is owed: who recorded it died before, or the queue did not answer.
ALTER TABLE reporting.backfill_requests ADD COLUMN queued_at timestamptz;
UPDATE reporting.backfill_requests SET queued_at = requested_at;
CREATE INDEX backfill_requests_unqueued ON reporting.backfill_requests (requested_at) WHERE queued_at IS NULL AND cancelled_at IS NULL;

-- Messages that failed their last try, as they came, for as long as nobody has dealt with them. The queue's own copy lives 7 days.
CREATE TABLE reporting.poison_messages (
    queue text NOT NULL,
    message_id text NOT NULL,
    body bytea NOT NULL CHECK (octet_length(body) <= 65536),
    reason text NOT NULL CHECK (length(reason) <= 2000),
    tries bigint NOT NULL,
    failed_at timestamptz NOT NULL,
    -- The accounts that the text names, so that it is erased with them.
    account_ids bigint[] NOT NULL,
    redriven_at timestamptz,
    PRIMARY KEY (queue, message_id)
);

CREATE INDEX poison_messages_left ON reporting.poison_messages (queue, failed_at) WHERE redriven_at IS NULL;
CREATE INDEX poison_messages_redriven ON reporting.poison_messages (redriven_at) WHERE redriven_at IS NOT NULL;
CREATE INDEX poison_messages_by_account ON reporting.poison_messages USING gin (account_ids);

-- Erasures of accounts, from their beginning on: an id whose erasure has not ended is nobody's.
CREATE TABLE reporting.erased_accounts (
    account_id bigint PRIMARY KEY,
    began_at timestamptz NOT NULL,
    ended_at timestamptz
);

CREATE INDEX erased_accounts_begun ON reporting.erased_accounts (began_at) WHERE ended_at IS NULL;

-- Whether the event was erased by request, before or after it came, and not purged for its age: such an id is never forgotten.
ALTER TABLE reporting.purged_events ADD COLUMN erased boolean NOT NULL DEFAULT false;

-- By whatever hand an account is made: what an erased one leaves must not become another's.
CREATE FUNCTION reporting.refuse_erased_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM reporting.erased_accounts WHERE account_id = NEW.id AND ended_at IS NULL) THEN
        RAISE EXCEPTION 'Account % is being erased.', NEW.id USING ERRCODE = 'object_in_use',
            HINT = format('Wait for it to end, or type: tally events erase --account %s --all', NEW.id);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER refuse_erased_account BEFORE INSERT ON reporting.accounts FOR EACH ROW EXECUTE FUNCTION reporting.refuse_erased_account();
