-- The question "was this conversation handed off before, on this day?" is answered from the index alone; else the
-- planner prefers to read all of the day's handoffs from reporting_events_bot, which holds every column it needs.
CREATE INDEX reporting_events_handed_off ON reporting.reporting_events (account_id, conversation_id, created_at)
    INCLUDE (user_id, inbox_id)
    WHERE name = 'conversation_bot_handoff';

DROP INDEX reporting.reporting_events_handoffs;
