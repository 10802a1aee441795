-- The ledger is append-only because the database says so, not because its clients are careful.
--
-- Own SQLSTATEs, since the driver adapter misreads the standard ones (23001 surfaces as a foreign-key error):
--   LG001  the chain's head is not where the writer believed it to be; read again and decide again
--   LG002  the ledger and its chain are append-only
--   LG003  the columns and the hashed text of an entry disagree

-- BEFORE INSERT: the entry must continue the chain; the database computes the hash.
CREATE FUNCTION ledger_entry_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    chain ledger_chain%ROWTYPE;
    entry JSONB := NEW.body::jsonb;
BEGIN
    SELECT * INTO chain FROM ledger_chain WHERE repository_id = NEW.repository_id FOR UPDATE;
    IF NOT FOUND OR NEW.seq <> chain.size + 1 OR NEW.prev_hash <> chain.head_hash THEN
        RAISE EXCEPTION 'ledger head of repository % moved: entry % does not follow entry %',
            NEW.repository_id, NEW.seq, coalesce(chain.size, 0) USING ERRCODE = 'LG001';
    END IF;
    IF (entry ->> 'repositoryId') IS DISTINCT FROM NEW.repository_id::text
        OR (entry ->> 'seq') IS DISTINCT FROM NEW.seq::text
        OR (entry ->> 'prev') IS DISTINCT FROM NEW.prev_hash
        OR (entry ->> 'key') IS DISTINCT FROM NEW.key
        OR (entry ->> 'type') IS DISTINCT FROM NEW.type
        OR (entry ->> 'runId') IS DISTINCT FROM NEW.run_id::text
        OR jsonb_typeof(entry -> 'payload') IS DISTINCT FROM 'object'
    THEN
        RAISE EXCEPTION 'ledger entry % of repository %: columns and body disagree', NEW.seq, NEW.repository_id
            USING ERRCODE = 'LG003';
    END IF;
    IF octet_length(NEW.body) > 16384 THEN
        RAISE EXCEPTION 'ledger entry % of repository % is larger than 16 KiB', NEW.seq, NEW.repository_id
            USING ERRCODE = 'LG003';
    END IF;
    NEW.hash := encode(sha256(convert_to(NEW.body, 'UTF8')), 'hex');
    RETURN NEW;
END $$;

-- AFTER INSERT: only a row that really came into being moves the head (a BEFORE trigger also fires for a row
-- that ON CONFLICT then throws away). So entries are inserted one a statement.
CREATE FUNCTION ledger_chain_advance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_chain SET size = NEW.seq, head_hash = NEW.hash WHERE repository_id = NEW.repository_id;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'LG002';
END $$;

-- The chain's head moves only from within ledger_chain_advance (trigger depth 2), and starts empty.
CREATE FUNCTION ledger_chain_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.size = 0 AND NEW.head_hash = repeat('0', 64) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'LG002';
END $$;

CREATE TRIGGER ledger_entry_link BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_entry_link();
CREATE TRIGGER ledger_chain_advance AFTER INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_chain_advance();
CREATE TRIGGER ledger_entry_refuse BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_entry_refuse_truncate BEFORE TRUNCATE ON ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_chain_guard BEFORE INSERT OR UPDATE OR DELETE ON ledger_chain FOR EACH ROW EXECUTE FUNCTION ledger_chain_guard();
CREATE TRIGGER ledger_chain_refuse_truncate BEFORE TRUNCATE ON ledger_chain FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
