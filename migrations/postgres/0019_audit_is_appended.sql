-- The audit log is only added to, entry by entry, also by those who write to the database themselves. An entry is written after the head has
-- counted it.
CREATE FUNCTION audit_is_appended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.entry < 1 OR NEW.entry <> COALESCE((SELECT entry FROM audit_head WHERE agency_id = NEW.agency_id), 0) THEN
        RAISE EXCEPTION 'audit entries are only appended';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_is_appended BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_appended();

-- The role of the agency may not change or delete entries; whoever owns the tables may not either without saying so.
CREATE FUNCTION audit_is_not_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are not changed or deleted';
END $$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_not_changed();

-- Either the head counts one entry more, or it takes the hash of the one that it has counted.
CREATE FUNCTION audit_head_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'the head of an audit log is not deleted';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.entry <> 0 OR NEW.hash <> '' OR EXISTS (SELECT 1 FROM audit WHERE agency_id = NEW.agency_id) THEN
            RAISE EXCEPTION 'the head of an audit log begins empty';
        END IF;
    ELSIF NEW.agency_id <> OLD.agency_id OR NEW.entry NOT IN (OLD.entry, OLD.entry + 1)
        OR (NEW.hash <> OLD.hash
            AND NEW.hash <> COALESCE((SELECT hash FROM audit WHERE agency_id = NEW.agency_id AND entry = NEW.entry), '')) THEN
        RAISE EXCEPTION 'the head of an audit log follows its entries';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_head_follows BEFORE INSERT OR UPDATE OR DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_head_follows();
