-- First and last day of a month's facts at each rate. While a service's rates of a month follow each other in time, the
-- month's sums tell which of its fragments were the free ones; its facts are asked only where the rates interleave.
ALTER TABLE billing.ft_billing_monthly ADD COLUMN first_date date, ADD COLUMN last_date date;

UPDATE billing.ft_billing_monthly sums SET first_date = days.first_date, last_date = days.last_date
FROM (
    SELECT service_id, local_date - extract(day FROM local_date)::integer + 1 AS month, notification_type, rate,
           min(local_date) AS first_date, max(local_date) AS last_date
    FROM billing.ft_billing
    GROUP BY 1, 2, 3, 4) days
WHERE (sums.service_id, sums.month, sums.notification_type, sums.rate) = (days.service_id, days.month, days.notification_type, days.rate);

ALTER TABLE billing.ft_billing_monthly ALTER COLUMN first_date SET NOT NULL, ALTER COLUMN last_date SET NOT NULL;

CREATE OR REPLACE FUNCTION billing.sum_up_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign CONSTANT integer := TG_ARGV[0];
BEGIN
    -- Two days of one month write the same rows. Locking the month for the short rest of the transaction spares two
    -- refreshes a deadlock; 1836019316 spells "mont".
    PERFORM pg_advisory_xact_lock(1836019316, month - date '2000-01-01')
    FROM (SELECT DISTINCT local_date - extract(day FROM local_date)::integer + 1 AS month FROM facts ORDER BY 1) months;

    INSERT INTO billing.ft_billing_monthly AS sums
        (service_id, month, notification_type, rate, facts, notifications_sent, billable_units, chargeable_units, first_date, last_date)
    SELECT service_id, local_date - extract(day FROM local_date)::integer + 1, notification_type, rate,
           sign * count(*), sign * sum(notifications_sent), sign * sum(billable_units),
           sign * sum(billable_units * rate_multiplier), min(local_date), max(local_date)
    FROM facts
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (service_id, month, notification_type, rate) DO UPDATE SET
        facts = sums.facts + EXCLUDED.facts,
        notifications_sent = sums.notifications_sent + EXCLUDED.notifications_sent,
        billable_units = sums.billable_units + EXCLUDED.billable_units,
        chargeable_units = sums.chargeable_units + EXCLUDED.chargeable_units,
        first_date = least(sums.first_date, EXCLUDED.first_date),
        last_date = greatest(sums.last_date, EXCLUDED.last_date);

    IF sign < 0 THEN
        DELETE FROM billing.ft_billing_monthly sums
        WHERE sums.facts = 0 AND sums.service_id = ANY (ARRAY(SELECT DISTINCT service_id FROM facts));

        -- Where a fact of the first or the last day left, another day may be it now. None at all: what is left of the
        -- month goes within the same statement, and this row with it.
        UPDATE billing.ft_billing_monthly sums SET first_date = days.first_date, last_date = days.last_date
        FROM (
            SELECT service_id, month, notification_type, rate,
                   (SELECT kept.local_date FROM billing.ft_billing kept
                    WHERE kept.service_id = stood.service_id AND kept.local_date BETWEEN stood.first_date AND stood.last_date
                      AND kept.notification_type = stood.notification_type AND kept.rate = stood.rate
                    ORDER BY kept.local_date LIMIT 1) AS first_date,
                   (SELECT kept.local_date FROM billing.ft_billing kept
                    WHERE kept.service_id = stood.service_id AND kept.local_date BETWEEN stood.first_date AND stood.last_date
                      AND kept.notification_type = stood.notification_type AND kept.rate = stood.rate
                    ORDER BY kept.local_date DESC LIMIT 1) AS last_date
            FROM billing.ft_billing_monthly stood
            JOIN (
                SELECT service_id, local_date - extract(day FROM local_date)::integer + 1 AS month, notification_type, rate,
                       min(local_date) AS first_taken, max(local_date) AS last_taken
                FROM facts
                GROUP BY 1, 2, 3, 4) taken USING (service_id, month, notification_type, rate)
            WHERE first_taken <= first_date OR last_taken >= last_date) days
        WHERE (sums.service_id, sums.month, sums.notification_type, sums.rate) = (days.service_id, days.month, days.notification_type, days.rate)
          AND days.first_date IS NOT NULL AND (sums.first_date, sums.last_date) IS DISTINCT FROM (days.first_date, days.last_date);
    END IF;
    RETURN NULL;
END $$;
