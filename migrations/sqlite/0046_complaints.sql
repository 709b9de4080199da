-- Complaints: cases and their clocks, desks, calendars, what puts things right ---------------------------------------------------

-- When work is done. `zone`: a time zone, the agency's if there is none. `week`: hours from Monday on, as JSON lists of minutes from and to.
-- `exceptions`: the agency's own days, as JSON.
CREATE TABLE calendar (
    agency_id   BLOB    NOT NULL,
    key         TEXT  NOT NULL,
    zone        TEXT,
    week        TEXT  NOT NULL,
    holidays    TEXT  NOT NULL,
    exceptions  TEXT  NOT NULL,
    version     BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- Who deals with cases. `skills` and `people` as JSON lists.
CREATE TABLE desk (
    agency_id   BLOB    NOT NULL,
    key         TEXT  NOT NULL,
    title_zh    TEXT  NOT NULL,
    title_en    TEXT  NOT NULL,
    calendar    TEXT  NOT NULL,
    skills      TEXT  NOT NULL,
    people      TEXT  NOT NULL,
    version     BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- The agency's terms as JSON, and the number of its last case in a month. `version` 0: nobody has set any.
CREATE TABLE complaint_terms (
    agency_id   BLOB     NOT NULL,
    terms       TEXT   NOT NULL,
    month       INTEGER NOT NULL,
    numbered    BIGINT  NOT NULL,
    version     BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id)
);

-- A case. `contact`: who complains, as JSON, where they told. `clocks` and `kept` as JSON. `due_at`: when the next running clock is over; the largest number if none runs.
-- `alike`: what cases have in common that may be joined, as departure or product and cause. `search`: what it is found by.
CREATE TABLE complaint (
    agency_id           BLOB     NOT NULL,
    id                  BLOB     NOT NULL,
    number              TEXT   NOT NULL,
    customer_id         BLOB,
    contact             TEXT,
    booking_id          TEXT,
    product             TEXT,
    departs_on          INTEGER,
    supplier            TEXT,
    guide               TEXT,
    kind                TEXT   NOT NULL,
    cause               TEXT,
    cause_detail        TEXT,
    channel             TEXT   NOT NULL,
    text                TEXT   NOT NULL,
    phase               TEXT   NOT NULL,
    severity            INTEGER NOT NULL,
    severity_by_person  BOOLEAN NOT NULL,
    liability           TEXT,
    root_cause          TEXT,
    rectification       TEXT,
    assessment          TEXT,
    state               TEXT   NOT NULL,
    is_open             BOOLEAN NOT NULL,
    desk                TEXT   NOT NULL,
    person_id           BLOB,
    assigned_at         BIGINT,
    opened_at           BIGINT  NOT NULL,
    opened_on           INTEGER NOT NULL,
    first_response_at   BIGINT,
    resolved_at         BIGINT,
    closed_at           BIGINT,
    reopened            INTEGER NOT NULL,
    rating              INTEGER,
    rating_text         TEXT,
    breached            BOOLEAN NOT NULL,
    bad_on              INTEGER,
    hops                INTEGER NOT NULL,
    clocks              TEXT   NOT NULL,
    kept                TEXT   NOT NULL,
    due_at              BIGINT  NOT NULL,
    alike               TEXT,
    crisis_id           BLOB,
    link_epoch          INTEGER NOT NULL,
    entries             BIGINT  NOT NULL,
    files               INTEGER NOT NULL,
    cost                BIGINT  NOT NULL,
    search              TEXT   NOT NULL,
    opened_by           BLOB,
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
    agency_id     BLOB     NOT NULL,
    complaint_id  BLOB     NOT NULL,
    nth           BIGINT  NOT NULL,
    at            BIGINT  NOT NULL,
    kind          TEXT   NOT NULL,
    told_by       TEXT   NOT NULL,
    actor_id      BLOB,
    from_state    TEXT   NOT NULL,
    to_state      TEXT   NOT NULL,
    text          TEXT,
    data          TEXT   NOT NULL,
    decision_id   BLOB,
    is_public     BOOLEAN NOT NULL,
    PRIMARY KEY (agency_id, complaint_id, nth),
    FOREIGN KEY (agency_id, complaint_id) REFERENCES complaint (agency_id, id)
);

-- A file of a case, with its content.
CREATE TABLE complaint_file (
    agency_id     BLOB     NOT NULL,
    complaint_id  BLOB     NOT NULL,
    nth           INTEGER NOT NULL,
    name          TEXT   NOT NULL,
    media         TEXT   NOT NULL,
    bytes         BIGINT  NOT NULL,
    digest        TEXT   NOT NULL,
    content       BLOB  NOT NULL,
    told_by       TEXT   NOT NULL,
    at            BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, complaint_id, nth),
    FOREIGN KEY (agency_id, complaint_id) REFERENCES complaint (agency_id, id)
);

-- What is to put a case right: it waits for another person, or was carried out. `outcome`: what came of it, as JSON.
CREATE TABLE complaint_compensation (
    agency_id     BLOB     NOT NULL,
    id            BLOB     NOT NULL,
    complaint_id  BLOB     NOT NULL,
    remedy        TEXT   NOT NULL,
    amount        BIGINT  NOT NULL,
    reason        TEXT,
    state         TEXT   NOT NULL,
    campaign_id   BLOB,
    batch_id      BLOB,
    proposed_by   BLOB,
    decision_id   BLOB,
    proposed_at   BIGINT  NOT NULL,
    decided_by    BLOB,
    decided_at    BIGINT,
    note          TEXT,
    outcome       TEXT   NOT NULL,
    cost          BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, complaint_id) REFERENCES complaint (agency_id, id)
);
CREATE INDEX complaint_compensation_of ON complaint_compensation (agency_id, complaint_id, id);
CREATE INDEX complaint_compensation_state ON complaint_compensation (agency_id, state, id);

-- A crisis: complaints of one departure or product and cause, or what a person has opened.
CREATE TABLE crisis (
    agency_id    BLOB     NOT NULL,
    id           BLOB     NOT NULL,
    number       TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    title        TEXT   NOT NULL,
    product      TEXT,
    departs_on   INTEGER,
    cause        TEXT,
    alike        TEXT,
    state        TEXT   NOT NULL,
    is_open      BOOLEAN NOT NULL,
    playbook     TEXT,
    opened_by    BLOB,
    opened_at    BIGINT  NOT NULL,
    closed_at    BIGINT,
    version      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, number)
);
CREATE INDEX crisis_open ON crisis (agency_id, is_open, id);
CREATE INDEX crisis_alike ON crisis (agency_id, alike) WHERE is_open;
