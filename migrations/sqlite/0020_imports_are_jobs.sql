-- Imports are jobs -------------------------------------------------------------------------------------------------------

-- A lane for files, and the jobs in their whole order: of those that are due at the same instant, as every agency's night is, the next few
-- are found without putting all of them in order.
CREATE TABLE job_in_lanes (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    kind         TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    clock        TEXT    NOT NULL CHECK (clock IN ('business', 'machine')),
    due          BIGINT  NOT NULL,
    version      BIGINT  NOT NULL,
    attempts     BIGINT  NOT NULL,
    held_until   BIGINT  NOT NULL,
    host         BLOB,
    failure      TEXT,
    dead_at      BIGINT,
    lane         TEXT    NOT NULL DEFAULT 'timers' CHECK (lane IN ('timers', 'deliveries', 'retries', 'imports')),
    PRIMARY KEY (agency_id, kind, key)
);
INSERT INTO job_in_lanes (agency_id, kind, key, clock, due, version, attempts, held_until, host, failure, dead_at, lane)
SELECT agency_id, kind, key, clock, due, version, attempts, held_until, host, failure, dead_at, lane FROM job;
DROP TABLE job;
ALTER TABLE job_in_lanes RENAME TO job;
CREATE INDEX job_by_due ON job (lane, clock, due, agency_id, kind, key) WHERE dead_at IS NULL;

-- What was given up, of one agency, the latest first.
CREATE INDEX job_dead ON job (agency_id, dead_at) WHERE dead_at IS NOT NULL;

-- What hosts looked for until now: files that wait, and those that never became complete.
INSERT INTO job (agency_id, kind, key, lane, clock, due, version, attempts, held_until)
SELECT agency_id, CASE state WHEN 'uploading' THEN 'import.upload' ELSE 'import.run' END,
    lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)),
    CASE state WHEN 'uploading' THEN 'timers' ELSE 'imports' END, 'machine', CASE state WHEN 'uploading' THEN lease_until ELSE 0 END, 1, 0, 0
FROM import_job WHERE state IN ('uploading', 'queued', 'running');
ALTER TABLE import_job DROP COLUMN lease_owner;
ALTER TABLE import_job DROP COLUMN lease_until;
