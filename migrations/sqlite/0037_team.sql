-- When a key was last used, to the hour, by machine time.
ALTER TABLE api_key ADD COLUMN used_at BIGINT;
-- The log is looked through by days.
CREATE INDEX audit_by_time ON audit (agency_id, at, entry);
