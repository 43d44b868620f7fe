-- Paths of namespaces are repaired by probes of keys alone. A join that is planned while the table is small reads all of it,
-- and goes on doing so for each row of a load: a hundred thousand namespaces then take minutes.

DROP TRIGGER repair_paths ON value_stream.namespaces;

-- OFFSET 0 keeps each look a probe, whatever the planner believes of the table.
CREATE OR REPLACE FUNCTION value_stream.repair_paths() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    changed bigint[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.id]
        WHEN 'DELETE' THEN ARRAY[OLD.id]
        ELSE ARRAY[NEW.id, OLD.id]
    END;
    repair record;
BEGIN
    -- What follows puts whole trees right, so what it writes is not looked at again.
    PERFORM set_config('tally.repairs_paths', 'on', true);
    FOR repair IN
        WITH RECURSIVE touched AS (
            SELECT one.*
            FROM unnest(changed) AS c (id)
            CROSS JOIN LATERAL (SELECT n.id, n.parent_id, n.traversal_ids FROM value_stream.namespaces n WHERE n.id = c.id OFFSET 0) one
            UNION
            SELECT child.*
            FROM unnest(changed) AS c (id)
            CROSS JOIN LATERAL (SELECT n.id, n.parent_id, n.traversal_ids FROM value_stream.namespaces n WHERE n.parent_id = c.id OFFSET 0) child
        ), wrong AS (
            SELECT touched.id, value_stream.chain_of_parents(touched.id) AS path
            FROM touched
            LEFT JOIN LATERAL (SELECT n.traversal_ids FROM value_stream.namespaces n WHERE n.id = touched.parent_id OFFSET 0) parent ON true
            WHERE touched.traversal_ids <> coalesce(parent.traversal_ids, ARRAY[]::bigint[]) || touched.id
            UNION
            SELECT child.id, wrong.path || child.id
            FROM wrong
            CROSS JOIN LATERAL (SELECT n.id, n.traversal_ids FROM value_stream.namespaces n WHERE n.parent_id = wrong.id OFFSET 0) child
            WHERE child.traversal_ids <> wrong.path || child.id
        )
        SELECT id, path FROM wrong
    LOOP
        UPDATE value_stream.namespaces SET traversal_ids = repair.path WHERE id = repair.id AND traversal_ids <> repair.path;
    END LOOP;
    PERFORM set_config('tally.repairs_paths', 'off', true);
    RETURN NULL;
END $$;

CREATE TRIGGER repair_paths AFTER INSERT OR UPDATE OF id, parent_id, traversal_ids OR DELETE ON value_stream.namespaces
    FOR EACH ROW WHEN (current_setting('tally.repairs_paths', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION value_stream.repair_paths();
ALTER TABLE value_stream.namespaces ENABLE ALWAYS TRIGGER repair_paths;
