-- Loyalty seen beforehand, and from the member's side ------------------------------------------------------------------------

-- The day on which an occasion happened; where a lot comes from: whose rule posted it, on which day of its occasion; nothing for what was given
-- by hand.
ALTER TABLE loyalty_occasion ADD COLUMN on_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE points_lot ADD COLUMN binding TEXT NOT NULL DEFAULT '';
ALTER TABLE points_lot ADD COLUMN earned_on INTEGER;
UPDATE loyalty_occasion SET on_day = json_extract(occasion, '$.on');
UPDATE points_lot SET (binding, earned_on) = (SELECT binding, on_day FROM loyalty_occasion AS o
    WHERE o.agency_id = points_lot.agency_id AND o.id = points_lot.occasion_id) WHERE occasion_id IS NOT NULL;

-- The last day whose birthdays were noted.
ALTER TABLE loyalty_programme ADD COLUMN birthdays_to INTEGER;

-- What another rule would have done: waiting, running, done, cancelled or failed. `done`: members who were played, of `members`.
CREATE TABLE loyalty_preview (
    agency_id   BLOB    NOT NULL REFERENCES agency (id),
    id          BLOB    NOT NULL,
    binding     TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    config      TEXT    NOT NULL,
    from_on     INTEGER NOT NULL,
    to_on       INTEGER NOT NULL,
    state       TEXT    NOT NULL,
    members     BIGINT  NOT NULL,
    done        BIGINT  NOT NULL,
    occasions   BIGINT  NOT NULL,
    result      TEXT,
    problem     TEXT,
    asked_by    BLOB    NOT NULL,
    asked_at    BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE INDEX loyalty_preview_by_age ON loyalty_preview (agency_id, asked_at);

-- Links by which members see their own page. What opens one is signed by the host and not kept. By the machine's time.
CREATE TABLE member_link (
    agency_id    BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    made_by      BLOB    NOT NULL,
    made_at      BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    revoked_at   BIGINT,
    seen_at      BIGINT,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id)
);
CREATE INDEX member_link_of_member ON member_link (agency_id, customer_id, id);

-- A lane for work that goes over many and that somebody waits for.
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
    lane         TEXT    NOT NULL DEFAULT 'timers' CHECK (lane IN ('timers', 'deliveries', 'retries', 'imports', 'work')),
    PRIMARY KEY (agency_id, kind, key)
);
INSERT INTO job_in_lanes (agency_id, kind, key, clock, due, version, attempts, held_until, host, failure, dead_at, lane)
SELECT agency_id, kind, key, clock, due, version, attempts, held_until, host, failure, dead_at, lane FROM job;
DROP TABLE job;
ALTER TABLE job_in_lanes RENAME TO job;
CREATE INDEX job_by_due ON job (lane, clock, due, agency_id, kind, key) WHERE dead_at IS NULL;
CREATE INDEX job_dead ON job (agency_id, dead_at) WHERE dead_at IS NOT NULL;
