-- Complaints: cases and their clocks, desks, calendars, what puts things right ---------------------------------------------------

-- When work is done. `zone`: a time zone, the agency's if there is none. `week`: hours from Monday on, as JSON lists of minutes from and to.
-- `exceptions`: the agency's own days, as JSON.
CREATE TABLE calendar (
    agency_id   UUID    NOT NULL,
    key         TEXT COLLATE "C"  NOT NULL,
    zone        TEXT COLLATE "C",
    week        TEXT COLLATE "C"  NOT NULL,
    holidays    TEXT COLLATE "C"  NOT NULL,
    exceptions  TEXT COLLATE "C"  NOT NULL,
    version     BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- Who deals with cases. `skills` and `people` as JSON lists.
CREATE TABLE desk (
    agency_id   UUID    NOT NULL,
    key         TEXT COLLATE "C"  NOT NULL,
    title_zh    TEXT COLLATE "C"  NOT NULL,
    title_en    TEXT COLLATE "C"  NOT NULL,
    calendar    TEXT COLLATE "C"  NOT NULL,
    skills      TEXT COLLATE "C"  NOT NULL,
    people      TEXT COLLATE "C"  NOT NULL,
    version     BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- The agency's terms as JSON, and the number of its last case in a month. `version` 0: nobody has set any.
CREATE TABLE complaint_terms (
    agency_id   UUID     NOT NULL,
    terms       TEXT COLLATE "C"   NOT NULL,
    month       INTEGER NOT NULL,
    numbered    BIGINT  NOT NULL,
    version     BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id)
);

-- A case. `contact`: who complains, as JSON, where they told. `clocks` and `kept` as JSON. `due_at`: when the next running clock is over; the largest number if none runs.
-- `alike`: what cases have in common that may be joined, as departure or product and cause. `search`: what it is found by.
CREATE TABLE complaint (
    agency_id           UUID     NOT NULL,
    id                  UUID     NOT NULL,
    number              TEXT COLLATE "C"   NOT NULL,
    customer_id         UUID,
    contact             TEXT COLLATE "C",
    booking_id          TEXT COLLATE "C",
    product             TEXT COLLATE "C",
    departs_on          INTEGER,
    supplier            TEXT COLLATE "C",
    guide               TEXT COLLATE "C",
    kind                TEXT COLLATE "C"   NOT NULL,
    cause               TEXT COLLATE "C",
    cause_detail        TEXT COLLATE "C",
    channel             TEXT COLLATE "C"   NOT NULL,
    text                TEXT COLLATE "C"   NOT NULL,
    phase               TEXT COLLATE "C"   NOT NULL,
    severity            INTEGER NOT NULL,
    severity_by_person  BOOLEAN NOT NULL,
    liability           TEXT COLLATE "C",
    root_cause          TEXT COLLATE "C",
    rectification       TEXT COLLATE "C",
    assessment          TEXT COLLATE "C",
    state               TEXT COLLATE "C"   NOT NULL,
    is_open             BOOLEAN NOT NULL,
    desk                TEXT COLLATE "C"   NOT NULL,
    person_id           UUID,
    assigned_at         BIGINT,
    opened_at           BIGINT  NOT NULL,
    opened_on           INTEGER NOT NULL,
    first_response_at   BIGINT,
    resolved_at         BIGINT,
    closed_at           BIGINT,
    reopened            INTEGER NOT NULL,
    rating              INTEGER,
    rating_text         TEXT COLLATE "C",
    breached            BOOLEAN NOT NULL,
    bad_on              INTEGER,
    hops                INTEGER NOT NULL,
    clocks              TEXT COLLATE "C"   NOT NULL,
    kept                TEXT COLLATE "C"   NOT NULL,
    due_at              BIGINT  NOT NULL,
    alike               TEXT COLLATE "C",
    crisis_id           UUID,
    link_epoch          INTEGER NOT NULL,
    entries             BIGINT  NOT NULL,
    files               INTEGER NOT NULL,
    cost                BIGINT  NOT NULL,
    search              TEXT COLLATE "C"   NOT NULL,
    opened_by           UUID,
    updated_at          BIGINT  NOT NULL,
    version             BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, number)
);
CREATE INDEX complaint_open ON complaint (agency_id, is_open, due_at, id);
CREATE INDEX complaint_load ON complaint (agency_id, desk, person_id, assigned_at) WHERE is_open;
CREATE INDEX complaint_of_customer ON complaint (agency_id, customer_id, id);
CREATE INDEX complaint_by_day ON complaint (agency_id, opened_on, id);
CREATE INDEX complaint_alike ON complaint (agency_id, alike, opened_at) WHERE is_open;
CREATE INDEX complaint_of_crisis ON complaint (agency_id, crisis_id, id) WHERE crisis_id IS NOT NULL;

-- What happened to a case, in its order. `told_by`: staff, host or customer. `is_public`: whether the customer sees it.
CREATE TABLE complaint_entry (
    agency_id     UUID     NOT NULL,
    complaint_id  UUID     NOT NULL,
    nth           BIGINT  NOT NULL,
    at            BIGINT  NOT NULL,
    kind          TEXT COLLATE "C"   NOT NULL,
    told_by       TEXT COLLATE "C"   NOT NULL,
    actor_id      UUID,
    from_state    TEXT COLLATE "C"   NOT NULL,
    to_state      TEXT COLLATE "C"   NOT NULL,
    text          TEXT COLLATE "C",
    data          TEXT COLLATE "C"   NOT NULL,
    decision_id   UUID,
    is_public     BOOLEAN NOT NULL,
    PRIMARY KEY (agency_id, complaint_id, nth),
    FOREIGN KEY (agency_id, complaint_id) REFERENCES complaint (agency_id, id)
);

-- A file of a case, with its content.
CREATE TABLE complaint_file (
    agency_id     UUID     NOT NULL,
    complaint_id  UUID     NOT NULL,
    nth           INTEGER NOT NULL,
    name          TEXT COLLATE "C"   NOT NULL,
    media         TEXT COLLATE "C"   NOT NULL,
    bytes         BIGINT  NOT NULL,
    digest        TEXT COLLATE "C"   NOT NULL,
    content       BYTEA  NOT NULL,
    told_by       TEXT COLLATE "C"   NOT NULL,
    at            BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, complaint_id, nth),
    FOREIGN KEY (agency_id, complaint_id) REFERENCES complaint (agency_id, id)
);

-- What is to put a case right: it waits for another person, or was carried out. `outcome`: what came of it, as JSON.
CREATE TABLE complaint_compensation (
    agency_id     UUID     NOT NULL,
    id            UUID     NOT NULL,
    complaint_id  UUID     NOT NULL,
    remedy        TEXT COLLATE "C"   NOT NULL,
    amount        BIGINT  NOT NULL,
    reason        TEXT COLLATE "C",
    state         TEXT COLLATE "C"   NOT NULL,
    campaign_id   UUID,
    batch_id      UUID,
    proposed_by   UUID,
    decision_id   UUID,
    proposed_at   BIGINT  NOT NULL,
    decided_by    UUID,
    decided_at    BIGINT,
    note          TEXT COLLATE "C",
    outcome       TEXT COLLATE "C"   NOT NULL,
    cost          BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, complaint_id) REFERENCES complaint (agency_id, id)
);
CREATE INDEX complaint_compensation_of ON complaint_compensation (agency_id, complaint_id, id);
CREATE INDEX complaint_compensation_state ON complaint_compensation (agency_id, state, id);

-- A crisis: complaints of one departure or product and cause, or what a person has opened.
CREATE TABLE crisis (
    agency_id    UUID     NOT NULL,
    id           UUID     NOT NULL,
    number       TEXT COLLATE "C"   NOT NULL,
    kind         TEXT COLLATE "C"   NOT NULL,
    title        TEXT COLLATE "C"   NOT NULL,
    product      TEXT COLLATE "C",
    departs_on   INTEGER,
    cause        TEXT COLLATE "C",
    alike        TEXT COLLATE "C",
    state        TEXT COLLATE "C"   NOT NULL,
    is_open      BOOLEAN NOT NULL,
    playbook     TEXT COLLATE "C",
    opened_by    UUID,
    opened_at    BIGINT  NOT NULL,
    closed_at    BIGINT,
    version      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, number)
);
CREATE INDEX crisis_open ON crisis (agency_id, is_open, id);
CREATE INDEX crisis_alike ON crisis (agency_id, alike) WHERE is_open;

ALTER TABLE calendar ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON calendar TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON calendar TO posthouse_agency;

ALTER TABLE desk ENABLE ROW LEVEL SECURITY;
ALTER TABLE desk FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON desk TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON desk TO posthouse_agency;

ALTER TABLE complaint_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE complaint_terms FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON complaint_terms TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON complaint_terms TO posthouse_agency;

ALTER TABLE complaint ENABLE ROW LEVEL SECURITY;
ALTER TABLE complaint FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON complaint TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON complaint TO posthouse_agency;

ALTER TABLE complaint_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE complaint_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON complaint_entry TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT ON complaint_entry TO posthouse_agency;

ALTER TABLE complaint_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE complaint_file FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON complaint_file TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT ON complaint_file TO posthouse_agency;

ALTER TABLE complaint_compensation ENABLE ROW LEVEL SECURITY;
ALTER TABLE complaint_compensation FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON complaint_compensation TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON complaint_compensation TO posthouse_agency;

ALTER TABLE crisis ENABLE ROW LEVEL SECURITY;
ALTER TABLE crisis FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON crisis TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON crisis TO posthouse_agency;
