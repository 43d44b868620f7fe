-- The path of a namespace equals the chain of its parents after every statement: whatever the order of the load, and after
-- a move, an ancestor that comes late and a deletion. Rows are looked at one by one, since logical replication fires no
-- triggers of statements.
--
-- A path is right if it is its parent's path and its own id. So each row that changes answers for the two edges it is at:
-- the one to its parent and those to its children. In a cycle some edge is always wrong, as paths grow along edges.

CREATE INDEX namespaces_parent_id ON value_stream.namespaces (parent_id) WHERE parent_id IS NOT NULL;

-- In all three functions: a plan that was made over a few rows must not scan the table for each of many.

-- From the topmost ancestor that is there down to the namespace, itself included.
CREATE FUNCTION value_stream.chain_of_parents(of_id bigint) RETURNS bigint[] LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
    path bigint[] := ARRAY[]::bigint[];
    step bigint := of_id;
    next_step bigint;
BEGIN
    LOOP
        SELECT parent_id INTO next_step FROM value_stream.namespaces WHERE id = step;
        EXIT WHEN NOT FOUND;
        IF step = ANY (path) THEN
            RAISE EXCEPTION 'Namespaces % are parents of each other in a circle. Give one of them another parent_id.',
                array_to_string(path[:array_position(path, step)], ', ')
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        path := step || path;
        step := next_step;
    END LOOP;
    RETURN path;
END $$;

-- A first path, from the parent's as it stands; what the row's statement still changes is seen at its end.
CREATE OR REPLACE FUNCTION value_stream.derive_traversal_ids() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    -- One writer of the tree at a time: a path depends on rows that nobody else may be moving.
    PERFORM pg_advisory_xact_lock(hashtext('value_stream.namespaces'));
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    NEW.traversal_ids := coalesce(
        (SELECT parent.traversal_ids FROM value_stream.namespaces parent WHERE parent.id = NEW.parent_id),
        ARRAY[]::bigint[]) || NEW.id;
    RETURN NEW;
END $$;

CREATE FUNCTION value_stream.repair_paths() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    changed bigint[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.id]
        WHEN 'DELETE' THEN ARRAY[OLD.id]
        ELSE ARRAY[NEW.id, OLD.id]
    END;
BEGIN
    WITH RECURSIVE touched AS (
        SELECT * FROM value_stream.namespaces WHERE id = ANY (changed)
        UNION
        SELECT * FROM value_stream.namespaces WHERE parent_id = ANY (changed)
    ), wrong AS (
        SELECT touched.id, value_stream.chain_of_parents(touched.id) AS path
        FROM touched LEFT JOIN value_stream.namespaces parent ON parent.id = touched.parent_id
        WHERE touched.traversal_ids <> coalesce(parent.traversal_ids, ARRAY[]::bigint[]) || touched.id
        UNION
        SELECT child.id, wrong.path || child.id
        FROM wrong JOIN value_stream.namespaces child ON child.parent_id = wrong.id
        WHERE child.traversal_ids <> wrong.path || child.id
    )
    UPDATE value_stream.namespaces SET traversal_ids = wrong.path
    FROM wrong WHERE namespaces.id = wrong.id AND namespaces.traversal_ids <> wrong.path;
    RETURN NULL;
END $$;

DROP TRIGGER derive_traversal_ids ON value_stream.namespaces;
CREATE TRIGGER derive_traversal_ids BEFORE INSERT OR DELETE OR UPDATE OF id, parent_id ON value_stream.namespaces
    FOR EACH ROW EXECUTE FUNCTION value_stream.derive_traversal_ids();
CREATE TRIGGER repair_paths AFTER INSERT OR DELETE OR UPDATE OF id, parent_id, traversal_ids ON value_stream.namespaces
    FOR EACH ROW EXECUTE FUNCTION value_stream.repair_paths();
ALTER TABLE value_stream.namespaces ENABLE ALWAYS TRIGGER derive_traversal_ids;
ALTER TABLE value_stream.namespaces ENABLE ALWAYS TRIGGER repair_paths;

-- What was loaded before.
UPDATE value_stream.namespaces SET traversal_ids = value_stream.chain_of_parents(id)
WHERE traversal_ids <> value_stream.chain_of_parents(id);
