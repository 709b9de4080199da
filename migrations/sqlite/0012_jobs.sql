-- Jobs and timers ------------------------------------------------------------------------------------------------------

-- What is due some time. There is one job of a kind for each key; to put it down again moves it. `clock` says whose time `due` is: the
-- business clock's or the machine's. Nobody takes a job before `held_until`, which is machine time: the lease of the host that is at
-- work on it, or the pause after it failed. `version` counts how often it was put down: a host that is at work on an earlier version
-- leaves the later one alone. A job that failed for good is a dead letter, with the reason.
CREATE TABLE job (
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
    PRIMARY KEY (agency_id, kind, key)
);
CREATE INDEX job_by_due ON job (clock, due) WHERE dead_at IS NULL;

-- What was looked for once a second until now.
INSERT INTO job (agency_id, kind, key, clock, due, version, attempts, held_until)
SELECT agency_id, 'quote.expire', lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)),
    'business', expires_at, 1, 0, 0 FROM quote WHERE state = 'open';
INSERT INTO job (agency_id, kind, key, clock, due, version, attempts, held_until)
SELECT agency_id, 'quote.return', lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)),
    'machine', 0, 1, 0, 0 FROM quote WHERE due;
INSERT INTO job (agency_id, kind, key, clock, due, version, attempts, held_until)
SELECT agency_id, 'campaign.end', lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)),
    'business', 0, 1, 0, 0 FROM campaign WHERE state IN ('running', 'paused');
INSERT INTO job (agency_id, kind, key, clock, due, version, attempts, held_until)
SELECT id, 'day.turn', '', 'business', 0, 1, 0, 0 FROM agency;

DROP INDEX quote_due;
ALTER TABLE quote DROP COLUMN due;
DROP INDEX quote_open;
