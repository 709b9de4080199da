-- Imports are jobs -------------------------------------------------------------------------------------------------------

-- A lane for files, and the jobs in their whole order: of those that are due at the same instant, as every agency's night is, the next few
-- are found without putting all of them in order.
ALTER TABLE job DROP CONSTRAINT job_lane_check;
ALTER TABLE job ADD CONSTRAINT job_lane_check CHECK (lane IN ('timers', 'deliveries', 'retries', 'imports'));
DROP INDEX job_by_due;
CREATE INDEX job_by_due ON job (lane, clock, due, agency_id, kind, key) WHERE dead_at IS NULL;

-- What was given up, of one agency, the latest first.
CREATE INDEX job_dead ON job (agency_id, dead_at) WHERE dead_at IS NOT NULL;

-- What hosts looked for until now: files that wait, and those that never became complete. Row-level security is forced, also on whoever
-- owns the tables.
ALTER TABLE import_job NO FORCE ROW LEVEL SECURITY;
ALTER TABLE job NO FORCE ROW LEVEL SECURITY;
INSERT INTO job (agency_id, kind, key, lane, clock, due, version, attempts, held_until)
SELECT agency_id, CASE state WHEN 'uploading' THEN 'import.upload' ELSE 'import.run' END, CAST(id AS TEXT),
    CASE state WHEN 'uploading' THEN 'timers' ELSE 'imports' END, 'machine', CASE state WHEN 'uploading' THEN lease_until ELSE 0 END, 1, 0, 0
FROM import_job WHERE state IN ('uploading', 'queued', 'running');
ALTER TABLE job FORCE ROW LEVEL SECURITY;
ALTER TABLE import_job FORCE ROW LEVEL SECURITY;
ALTER TABLE import_job DROP COLUMN lease_owner;
ALTER TABLE import_job DROP COLUMN lease_until;

-- hosts find imports as they find every job
DROP POLICY all_rows ON import_job;
REVOKE ALL ON import_job FROM posthouse_jobs;
