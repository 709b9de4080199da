-- Jobs and timers ------------------------------------------------------------------------------------------------------

-- What is due some time. There is one job of a kind for each key; to put it down again moves it. `clock` says whose time `due` is: the
-- business clock's or the machine's. Nobody takes a job before `held_until`, which is machine time: the lease of the host that is at
-- work on it, or the pause after it failed. `version` counts how often it was put down: a host that is at work on an earlier version
-- leaves the later one alone. A job that failed for good is a dead letter, with the reason.
CREATE TABLE job (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    kind         TEXT COLLATE "C"    NOT NULL,
    key          TEXT COLLATE "C"    NOT NULL,
    clock        TEXT COLLATE "C"    NOT NULL CHECK (clock IN ('business', 'machine')),
    due          BIGINT  NOT NULL,
    version      BIGINT  NOT NULL,
    attempts     BIGINT  NOT NULL,
    held_until   BIGINT  NOT NULL,
    host         UUID,
    failure      TEXT COLLATE "C",
    dead_at      BIGINT,
    PRIMARY KEY (agency_id, kind, key)
);
CREATE INDEX job_by_due ON job (clock, due) WHERE dead_at IS NULL;

ALTER TABLE job ENABLE ROW LEVEL SECURITY;
ALTER TABLE job FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON job TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON job TO posthouse_agency;
CREATE POLICY all_rows ON job TO posthouse_jobs USING (true);
GRANT SELECT, UPDATE (due, version, attempts, held_until, host) ON job TO posthouse_jobs;

-- who was left behind when a server stopped
CREATE POLICY all_rows ON binding FOR SELECT TO posthouse_jobs USING (true);
GRANT SELECT (agency_id, extension_point, applied_change) ON binding TO posthouse_jobs;
CREATE POLICY all_rows ON counter FOR SELECT TO posthouse_jobs USING (true);
GRANT SELECT (agency_id, change) ON counter TO posthouse_jobs;

-- What was looked for once a second until now. Row-level security is forced, also on whoever owns the tables.
ALTER TABLE quote NO FORCE ROW LEVEL SECURITY;
ALTER TABLE campaign NO FORCE ROW LEVEL SECURITY;
ALTER TABLE agency NO FORCE ROW LEVEL SECURITY;
ALTER TABLE job NO FORCE ROW LEVEL SECURITY;
INSERT INTO job (agency_id, kind, key, clock, due, version, attempts, held_until)
SELECT agency_id, 'quote.expire', CAST(id AS TEXT), 'business', expires_at, 1, 0, 0 FROM quote WHERE state = 'open';
INSERT INTO job (agency_id, kind, key, clock, due, version, attempts, held_until)
SELECT agency_id, 'quote.return', CAST(id AS TEXT), 'machine', 0, 1, 0, 0 FROM quote WHERE due;
INSERT INTO job (agency_id, kind, key, clock, due, version, attempts, held_until)
SELECT agency_id, 'campaign.end', CAST(id AS TEXT), 'business', 0, 1, 0, 0 FROM campaign WHERE state IN ('running', 'paused');
INSERT INTO job (agency_id, kind, key, clock, due, version, attempts, held_until)
SELECT id, 'day.turn', '', 'business', 0, 1, 0, 0 FROM agency;
ALTER TABLE job FORCE ROW LEVEL SECURITY;
ALTER TABLE agency FORCE ROW LEVEL SECURITY;
ALTER TABLE campaign FORCE ROW LEVEL SECURITY;
ALTER TABLE quote FORCE ROW LEVEL SECURITY;

DROP INDEX quote_due;
ALTER TABLE quote DROP COLUMN due;
DROP INDEX quote_open;
