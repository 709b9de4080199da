-- Installation --------------------------------------------------------------------------------------------------------

-- One row: what the installation's secret answers to a fixed question, so that a host with another secret is refused before it
-- writes what the others cannot read.
CREATE TABLE installation (
    id           INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    key_check    TEXT    NOT NULL
);

-- Agencies and their keys ---------------------------------------------------------------------------------------------

CREATE TABLE agency (
    id           BLOB    NOT NULL PRIMARY KEY,
    slug         TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL,
    time_zone    TEXT    NOT NULL,
    currency     TEXT    NOT NULL,
    country      TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL
);

-- One row per agency, updated first in every writing transaction: its lock puts commits in the order of their change
-- numbers and leaves no gaps in ordinals.
CREATE TABLE counter (
    agency_id    BLOB    NOT NULL PRIMARY KEY REFERENCES agency (id),
    change       BIGINT  NOT NULL,
    ordinals     BIGINT  NOT NULL
);

CREATE TABLE api_key (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    id           BLOB    NOT NULL,
    name         TEXT    NOT NULL,
    hash         BLOB    NOT NULL,
    scopes       TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    revoked_at   BIGINT,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, hash)
);

-- Answers to requests that carried an Idempotency-Key, so that a retry hears the same again.
CREATE TABLE kept_answer (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    key          TEXT    NOT NULL,
    request      TEXT    NOT NULL,
    status       INTEGER,
    body         BLOB,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- Customers -----------------------------------------------------------------------------------------------------------

-- `search`: the names in lower case, one a line.
CREATE TABLE customer (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    id           BLOB    NOT NULL,
    ordinal      BIGINT  NOT NULL,
    profile      TEXT    NOT NULL,
    search       TEXT    NOT NULL,
    since_on     INTEGER NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    version      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, ordinal)
);

-- `value` is the normal spelling; of documents it is the keyed hash, and `sealed` holds the number itself, encrypted.
CREATE TABLE identity (
    agency_id    BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    value        TEXT    NOT NULL,
    customer_id  BLOB    NOT NULL,
    sealed       BLOB,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, kind, value),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX identity_of_customer ON identity (agency_id, customer_id);
CREATE UNIQUE INDEX identity_exclusive ON identity (agency_id, customer_id, kind)
    WHERE kind IN ('member_no', 'id_card', 'passport');

-- Append-only: what each source told, and when it was true.
CREATE TABLE attribute_value (
    agency_id    BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    key          TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    source       TEXT    NOT NULL,
    source_kind  TEXT    NOT NULL,
    value        TEXT    NOT NULL,
    received     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, customer_id, key, at, source),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);

-- Records -------------------------------------------------------------------------------------------------------------

-- Append-only: every accepted record, by whichever door it came.
CREATE TABLE event (
    agency_id    BLOB    NOT NULL,
    source       TEXT    NOT NULL,
    external_id  TEXT    NOT NULL,
    customer_id  BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    occurred_at  BIGINT  NOT NULL,
    received_at  BIGINT  NOT NULL,
    data         TEXT    NOT NULL,
    PRIMARY KEY (agency_id, source, external_id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX event_of_customer ON event (agency_id, customer_id, occurred_at);

-- Records whose identities belong to different people wait here until a person has looked, or they are sent again.
CREATE TABLE unassigned_record (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    source       TEXT    NOT NULL,
    external_id  TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    detail       TEXT    NOT NULL,
    record       TEXT    NOT NULL,
    received_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, source, external_id)
);

-- Amounts are minor units of the agency's base currency, days count from 1970-01-01 in its time zone.
CREATE TABLE booking (
    agency_id        BLOB    NOT NULL,
    id               TEXT    NOT NULL,
    customer_id      BLOB    NOT NULL,
    known_as         BIGINT  NOT NULL,
    status           TEXT    NOT NULL,
    booked_on        INTEGER,
    product          TEXT,
    destination      TEXT,
    theme            TEXT,
    departs_on       INTEGER,
    returns_on       INTEGER,
    travellers       INTEGER,
    amount           BIGINT,
    cost             BIGINT,
    channel          TEXT,
    seen_on          INTEGER NOT NULL,
    seen_firm        BOOLEAN NOT NULL,
    newest_event_at  BIGINT,
    told_at          TEXT    NOT NULL,
    cancelled_on     INTEGER,
    refunded         BIGINT  NOT NULL,
    refunded_in_full BOOLEAN NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX booking_of_customer ON booking (agency_id, customer_id, known_as);

CREATE TABLE activity (
    agency_id    BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    day          INTEGER NOT NULL,
    times        INTEGER NOT NULL,
    PRIMARY KEY (agency_id, customer_id, kind, day),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);

-- One row of facts per customer, with the change number that wrote it and the day on which it changes by itself.
CREATE TABLE fact (
    agency_id    BLOB    NOT NULL,
    ordinal      BIGINT  NOT NULL,
    customer_id  BLOB    NOT NULL,
    change       BIGINT  NOT NULL,
    edge_on      INTEGER,
    facts        TEXT    NOT NULL,
    PRIMARY KEY (agency_id, ordinal),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX fact_by_change ON fact (agency_id, change);
CREATE INDEX fact_by_edge ON fact (agency_id, edge_on) WHERE edge_on IS NOT NULL;

-- The agency's own fields of a customer; rules read them as attr.KEY.
CREATE TABLE attribute_definition (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    key          TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    sensitivity  TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- Which saved frames are of this database's past: a mark is kept before the file is put in its place.
CREATE TABLE frame_mark (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    token        BLOB    NOT NULL,
    change       BIGINT  NOT NULL,
    saved_at     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, token)
);

-- File imports --------------------------------------------------------------------------------------------------------

CREATE TABLE import_job (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    id           BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    file_name    TEXT    NOT NULL,
    digest       TEXT    NOT NULL,
    size         BIGINT  NOT NULL,
    state        TEXT    NOT NULL,
    rows_done    BIGINT  NOT NULL,
    bytes_done   BIGINT  NOT NULL,
    accepted     BIGINT  NOT NULL,
    duplicates   BIGINT  NOT NULL,
    rejected     BIGINT  NOT NULL,
    header       TEXT    NOT NULL,
    ignored      TEXT    NOT NULL,
    failure      TEXT,
    lease_owner  BLOB,
    lease_until  BIGINT  NOT NULL,
    attempts     BIGINT  NOT NULL,
    created_at   BIGINT  NOT NULL,
    finished_at  BIGINT,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX import_job_active ON import_job (agency_id, kind, digest) WHERE state IN ('queued', 'running');

CREATE TABLE import_chunk (
    agency_id    BLOB    NOT NULL,
    job_id       BLOB    NOT NULL,
    position     INTEGER NOT NULL,
    bytes        BLOB    NOT NULL,
    PRIMARY KEY (agency_id, job_id, position),
    FOREIGN KEY (agency_id, job_id) REFERENCES import_job (agency_id, id)
);

CREATE TABLE import_error (
    agency_id    BLOB    NOT NULL,
    job_id       BLOB    NOT NULL,
    row_no       BIGINT  NOT NULL,
    code         TEXT    NOT NULL,
    detail       TEXT    NOT NULL,
    cells        TEXT    NOT NULL,
    PRIMARY KEY (agency_id, job_id, row_no),
    FOREIGN KEY (agency_id, job_id) REFERENCES import_job (agency_id, id)
);

-- Plugins and bindings ------------------------------------------------------------------------------------------------

CREATE TABLE plugin (
    agency_id       BLOB    NOT NULL REFERENCES agency (id),
    digest          TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    version         TEXT    NOT NULL,
    extension_point TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    segments        TEXT    NOT NULL,
    self_test       TEXT    NOT NULL,
    size            BIGINT  NOT NULL,
    component       BLOB    NOT NULL,
    created_at      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, digest)
);

-- `applied_change`: every change of facts up to this one has been classified. `stale_since`: the rule fails; the last
-- memberships stand.
CREATE TABLE binding (
    agency_id       BLOB    NOT NULL REFERENCES agency (id),
    extension_point TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    revision        BIGINT  NOT NULL,
    run             BIGINT  NOT NULL,
    transition      BIGINT  NOT NULL,
    applied_change  BIGINT  NOT NULL,
    stale_since     BIGINT,
    stale_reason    TEXT,
    PRIMARY KEY (agency_id, extension_point, name)
);

-- Append-only: who put which rule into force when, and what it moved. `cause`: activation, rollback or breaker; the host itself
-- (no `activated_by`) goes back when a rule keeps failing, and `note` says how it failed.
CREATE TABLE binding_revision (
    agency_id       BLOB    NOT NULL,
    extension_point TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    revision        BIGINT  NOT NULL,
    digest          TEXT    NOT NULL,
    config          TEXT    NOT NULL,
    config_digest   TEXT    NOT NULL,
    restores        BIGINT,
    diff            TEXT    NOT NULL,
    cause           TEXT    NOT NULL,
    note            TEXT,
    activated_by    BLOB,
    activated_at    BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, extension_point, name, revision),
    FOREIGN KEY (agency_id, extension_point, name) REFERENCES binding (agency_id, extension_point, name),
    FOREIGN KEY (agency_id, digest) REFERENCES plugin (agency_id, digest)
);

CREATE TABLE granted_fact (
    agency_id       BLOB    NOT NULL,
    extension_point TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    fact            TEXT    NOT NULL,
    granted_by      BLOB    NOT NULL,
    granted_at      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, extension_point, name, fact),
    FOREIGN KEY (agency_id, extension_point, name) REFERENCES binding (agency_id, extension_point, name)
);

-- Segments ------------------------------------------------------------------------------------------------------------

-- Append-only: every full run, with all it depended on.
CREATE TABLE segment_run (
    agency_id     BLOB    NOT NULL REFERENCES agency (id),
    binding       TEXT    NOT NULL,
    run           BIGINT  NOT NULL,
    revision      BIGINT  NOT NULL,
    digest        TEXT    NOT NULL,
    config_digest TEXT    NOT NULL,
    cause         TEXT    NOT NULL,
    at            BIGINT  NOT NULL,
    day           INTEGER NOT NULL,
    change        BIGINT  NOT NULL,
    transition    BIGINT  NOT NULL,
    quantiles     TEXT    NOT NULL,
    customers     BIGINT  NOT NULL,
    moved         BIGINT  NOT NULL,
    fuel          BIGINT  NOT NULL,
    duration_ms   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, binding, run)
);

-- Members by the latest full run, as roaring bitmaps over ordinals; later single moves are in segment_transition.
CREATE TABLE segment_membership (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    binding      TEXT    NOT NULL,
    segment      TEXT    NOT NULL,
    members      BLOB    NOT NULL,
    PRIMARY KEY (agency_id, binding, segment)
);

-- Append-only: who entered and left a segment by a full run.
CREATE TABLE segment_move (
    agency_id    BLOB    NOT NULL,
    binding      TEXT    NOT NULL,
    run          BIGINT  NOT NULL,
    segment      TEXT    NOT NULL,
    entered      BLOB    NOT NULL,
    departed     BLOB    NOT NULL,
    PRIMARY KEY (agency_id, binding, run, segment),
    FOREIGN KEY (agency_id, binding, run) REFERENCES segment_run (agency_id, binding, run)
);

-- Append-only: single moves between full runs.
CREATE TABLE segment_transition (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    binding      TEXT    NOT NULL,
    transition   BIGINT  NOT NULL,
    ordinal      BIGINT  NOT NULL,
    origin       TEXT,
    target       TEXT,
    at           BIGINT  NOT NULL,
    change       BIGINT  NOT NULL,
    revision     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, binding, transition)
);
CREATE INDEX segment_transition_of_customer ON segment_transition (agency_id, binding, ordinal, transition);

CREATE TABLE preview (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    id           BLOB    NOT NULL,
    binding      TEXT    NOT NULL,
    summary      TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);

-- An empty segment name means none.
CREATE TABLE preview_move (
    agency_id    BLOB    NOT NULL,
    preview_id   BLOB    NOT NULL,
    origin       TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    customers    BLOB    NOT NULL,
    PRIMARY KEY (agency_id, preview_id, origin, target),
    FOREIGN KEY (agency_id, preview_id) REFERENCES preview (agency_id, id) ON DELETE CASCADE
);
