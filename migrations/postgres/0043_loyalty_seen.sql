-- Loyalty seen beforehand, and from the member's side ------------------------------------------------------------------------

-- The day on which an occasion happened; where a lot comes from: whose rule posted it, on which day of its occasion; nothing for what was given
-- by hand.
ALTER TABLE loyalty_occasion ADD COLUMN on_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE points_lot ADD COLUMN binding TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE points_lot ADD COLUMN earned_on INTEGER;
-- Whoever owns the tables is held to them as well, and has no agency here.
ALTER TABLE loyalty_occasion NO FORCE ROW LEVEL SECURITY;
ALTER TABLE points_lot NO FORCE ROW LEVEL SECURITY;
UPDATE loyalty_occasion SET on_day = (occasion::json ->> 'on')::integer;
UPDATE points_lot SET binding = o.binding, earned_on = o.on_day FROM loyalty_occasion AS o
WHERE o.agency_id = points_lot.agency_id AND o.id = points_lot.occasion_id;
ALTER TABLE points_lot FORCE ROW LEVEL SECURITY;
ALTER TABLE loyalty_occasion FORCE ROW LEVEL SECURITY;

-- The last day whose birthdays were noted.
ALTER TABLE loyalty_programme ADD COLUMN birthdays_to INTEGER;

-- What another rule would have done: waiting, running, done, cancelled or failed. `done`: members who were played, of `members`.
CREATE TABLE loyalty_preview (
    agency_id   UUID    NOT NULL REFERENCES agency (id),
    id          UUID    NOT NULL,
    binding     TEXT COLLATE "C"    NOT NULL,
    digest      TEXT COLLATE "C"    NOT NULL,
    config      TEXT COLLATE "C"    NOT NULL,
    from_on     INTEGER NOT NULL,
    to_on       INTEGER NOT NULL,
    state       TEXT COLLATE "C"    NOT NULL,
    members     BIGINT  NOT NULL,
    done        BIGINT  NOT NULL,
    occasions   BIGINT  NOT NULL,
    result      TEXT COLLATE "C",
    problem     TEXT COLLATE "C",
    asked_by    UUID    NOT NULL,
    asked_at    BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE INDEX loyalty_preview_by_age ON loyalty_preview (agency_id, asked_at);

-- Links by which members see their own page. What opens one is signed by the host and not kept. By the machine's time.
CREATE TABLE member_link (
    agency_id    UUID    NOT NULL,
    id           UUID    NOT NULL,
    customer_id  UUID    NOT NULL,
    made_by      UUID    NOT NULL,
    made_at      BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    revoked_at   BIGINT,
    seen_at      BIGINT,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id)
);
CREATE INDEX member_link_of_member ON member_link (agency_id, customer_id, id);

-- A lane for work that goes over many and that somebody waits for.
ALTER TABLE job DROP CONSTRAINT job_lane_check;
ALTER TABLE job ADD CONSTRAINT job_lane_check CHECK (lane IN ('timers', 'deliveries', 'retries', 'imports', 'work'));

ALTER TABLE loyalty_preview ENABLE ROW LEVEL SECURITY;
ALTER TABLE loyalty_preview FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON loyalty_preview TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON loyalty_preview TO posthouse_agency;

ALTER TABLE member_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_link FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON member_link TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON member_link TO posthouse_agency;
