-- What was erased stays erased while its events are on their way; and what still waits is found without what is done.

-- Events of these conversations that were created up to their erasure are refused when they come.
CREATE TABLE reporting.erased_conversations (
    account_id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, conversation_id)
);

-- When reconcile saw that every day of the request was rebuilt or had failed: it looks at the others only.
ALTER TABLE reporting.backfill_requests ADD COLUMN ended_at timestamptz;
CREATE INDEX backfill_requests_open ON reporting.backfill_requests (account_id) WHERE ended_at IS NULL AND cancelled_at IS NULL;
