-- What is asked for seldom, of tables that grow for ever.

-- Erasing a conversation.
CREATE INDEX reporting_events_by_conversation ON reporting.reporting_events (account_id, conversation_id)
    WHERE conversation_id IS NOT NULL;

-- Run records leave when they are old.
CREATE INDEX backfill_requests_by_time ON reporting.backfill_requests (requested_at);
CREATE INDEX rollup_drift_by_time ON reporting.rollup_drift (found_at);
CREATE INDEX ix_refresh_runs_started_at ON billing.refresh_runs (started_at);
CREATE INDEX ix_corrections_run_id ON billing.corrections (run_id);
