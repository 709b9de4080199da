-- The audit log is only added to, entry by entry, also by those who write to the database themselves. An entry is written after the head has
-- counted it; REPLACE would take the place of one that is there without deleting it.
CREATE TRIGGER audit_is_appended BEFORE INSERT ON audit
WHEN NEW.entry <> COALESCE((SELECT entry FROM audit_head WHERE agency_id = NEW.agency_id), 0) OR NEW.entry < 1
  OR EXISTS (SELECT 1 FROM audit WHERE agency_id = NEW.agency_id AND entry = NEW.entry)
BEGIN SELECT RAISE(ABORT, 'audit entries are only appended'); END;

CREATE TRIGGER audit_head_begins_empty BEFORE INSERT ON audit_head
WHEN NEW.entry <> 0 OR NEW.hash <> '' OR EXISTS (SELECT 1 FROM audit_head WHERE agency_id = NEW.agency_id)
  OR EXISTS (SELECT 1 FROM audit WHERE agency_id = NEW.agency_id)
BEGIN SELECT RAISE(ABORT, 'the head of an audit log begins empty'); END;

-- Either it counts one entry more, or it takes the hash of the one that it has counted.
CREATE TRIGGER audit_head_follows BEFORE UPDATE ON audit_head
WHEN NEW.agency_id <> OLD.agency_id OR NEW.entry NOT IN (OLD.entry, OLD.entry + 1)
  OR (NEW.hash <> OLD.hash
      AND NEW.hash <> COALESCE((SELECT hash FROM audit WHERE agency_id = NEW.agency_id AND entry = NEW.entry), ''))
BEGIN SELECT RAISE(ABORT, 'the head of an audit log follows its entries'); END;

CREATE TRIGGER audit_head_is_not_deleted BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the head of an audit log is not deleted'); END;
