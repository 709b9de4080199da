-- Installation --------------------------------------------------------------------------------------------------------

-- One row: what the installation's secret answers to a fixed question, so that a host with another secret is refused before it
-- writes what the others cannot read.
CREATE TABLE installation (
    id           INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    key_check    TEXT COLLATE "C"    NOT NULL
);

-- Agencies and their keys ---------------------------------------------------------------------------------------------

CREATE TABLE agency (
    id           UUID    NOT NULL PRIMARY KEY,
    slug         TEXT COLLATE "C"    NOT NULL UNIQUE,
    name         TEXT COLLATE "C"    NOT NULL,
    time_zone    TEXT COLLATE "C"    NOT NULL,
    currency     TEXT COLLATE "C"    NOT NULL,
    country      TEXT COLLATE "C"    NOT NULL,
    created_at   BIGINT  NOT NULL
);

-- One row per agency, updated first in every writing transaction: its lock puts commits in the order of their change
-- numbers and leaves no gaps in ordinals.
CREATE TABLE counter (
    agency_id    UUID    NOT NULL PRIMARY KEY REFERENCES agency (id),
    change       BIGINT  NOT NULL,
    ordinals     BIGINT  NOT NULL
);

CREATE TABLE api_key (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    id           UUID    NOT NULL,
    name         TEXT COLLATE "C"    NOT NULL,
    hash         BYTEA    NOT NULL,
    scopes       TEXT COLLATE "C"    NOT NULL,
    created_at   BIGINT  NOT NULL,
    revoked_at   BIGINT,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, hash)
);

-- Answers to requests that carried an Idempotency-Key, so that a retry hears the same again.
CREATE TABLE kept_answer (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    key          TEXT COLLATE "C"    NOT NULL,
    request      TEXT COLLATE "C"    NOT NULL,
    status       INTEGER,
    body         BYTEA,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- Customers -----------------------------------------------------------------------------------------------------------

-- `search`: the names in lower case, one a line.
CREATE TABLE customer (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    id           UUID    NOT NULL,
    ordinal      BIGINT  NOT NULL,
    profile      TEXT COLLATE "C"    NOT NULL,
    search       TEXT COLLATE "C"    NOT NULL,
    since_on     INTEGER NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    version      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, ordinal)
);

-- `value` is the normal spelling; of documents it is the keyed hash, and `sealed` holds the number itself, encrypted.
CREATE TABLE identity (
    agency_id    UUID    NOT NULL,
    kind         TEXT COLLATE "C"    NOT NULL,
    value        TEXT COLLATE "C"    NOT NULL,
    customer_id  UUID    NOT NULL,
    sealed       BYTEA,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, kind, value),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX identity_of_customer ON identity (agency_id, customer_id);
CREATE UNIQUE INDEX identity_exclusive ON identity (agency_id, customer_id, kind)
    WHERE kind IN ('member_no', 'id_card', 'passport');

-- Append-only: what each source told, and when it was true.
CREATE TABLE attribute_value (
    agency_id    UUID    NOT NULL,
    customer_id  UUID    NOT NULL,
    key          TEXT COLLATE "C"    NOT NULL,
    at           BIGINT  NOT NULL,
    source       TEXT COLLATE "C"    NOT NULL,
    source_kind  TEXT COLLATE "C"    NOT NULL,
    value        TEXT COLLATE "C"    NOT NULL,
    received     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, customer_id, key, at, source),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);

-- Records -------------------------------------------------------------------------------------------------------------

-- Append-only: every accepted record, by whichever door it came.
CREATE TABLE event (
    agency_id    UUID    NOT NULL,
    source       TEXT COLLATE "C"    NOT NULL,
    external_id  TEXT COLLATE "C"    NOT NULL,
    customer_id  UUID    NOT NULL,
    kind         TEXT COLLATE "C"    NOT NULL,
    occurred_at  BIGINT  NOT NULL,
    received_at  BIGINT  NOT NULL,
    data         TEXT COLLATE "C"    NOT NULL,
    PRIMARY KEY (agency_id, source, external_id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX event_of_customer ON event (agency_id, customer_id, occurred_at);

-- Records whose identities belong to different people wait here until a person has looked, or they are sent again.
CREATE TABLE unassigned_record (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    source       TEXT COLLATE "C"    NOT NULL,
    external_id  TEXT COLLATE "C"    NOT NULL,
    kind         TEXT COLLATE "C"    NOT NULL,
    code         TEXT COLLATE "C"    NOT NULL,
    detail       TEXT COLLATE "C"    NOT NULL,
    record       TEXT COLLATE "C"    NOT NULL,
    received_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, source, external_id)
);

-- Amounts are minor units of the agency's base currency, days count from 1970-01-01 in its time zone.
CREATE TABLE booking (
    agency_id        UUID    NOT NULL,
    id               TEXT COLLATE "C"    NOT NULL,
    customer_id      UUID    NOT NULL,
    known_as         BIGINT  NOT NULL,
    status           TEXT COLLATE "C"    NOT NULL,
    booked_on        INTEGER,
    product          TEXT COLLATE "C",
    destination      TEXT COLLATE "C",
    theme            TEXT COLLATE "C",
    departs_on       INTEGER,
    returns_on       INTEGER,
    travellers       INTEGER,
    amount           BIGINT,
    cost             BIGINT,
    channel          TEXT COLLATE "C",
    seen_on          INTEGER NOT NULL,
    seen_firm        BOOLEAN NOT NULL,
    newest_event_at  BIGINT,
    told_at          TEXT COLLATE "C"    NOT NULL,
    cancelled_on     INTEGER,
    refunded         BIGINT  NOT NULL,
    refunded_in_full BOOLEAN NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX booking_of_customer ON booking (agency_id, customer_id, known_as);

CREATE TABLE activity (
    agency_id    UUID    NOT NULL,
    customer_id  UUID    NOT NULL,
    kind         TEXT COLLATE "C"    NOT NULL,
    day          INTEGER NOT NULL,
    times        INTEGER NOT NULL,
    PRIMARY KEY (agency_id, customer_id, kind, day),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);

-- One row of facts per customer, with the change number that wrote it and the day on which it changes by itself.
CREATE TABLE fact (
    agency_id    UUID    NOT NULL,
    ordinal      BIGINT  NOT NULL,
    customer_id  UUID    NOT NULL,
    change       BIGINT  NOT NULL,
    edge_on      INTEGER,
    facts        TEXT COLLATE "C"    NOT NULL,
    PRIMARY KEY (agency_id, ordinal),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX fact_by_change ON fact (agency_id, change);
CREATE INDEX fact_by_edge ON fact (agency_id, edge_on) WHERE edge_on IS NOT NULL;

-- The agency's own fields of a customer; rules read them as attr.KEY.
CREATE TABLE attribute_definition (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    key          TEXT COLLATE "C"    NOT NULL,
    kind         TEXT COLLATE "C"    NOT NULL,
    title        TEXT COLLATE "C"    NOT NULL,
    sensitivity  TEXT COLLATE "C"    NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- Which saved frames are of this database's past: a mark is kept before the file is put in its place.
CREATE TABLE frame_mark (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    token        UUID    NOT NULL,
    change       BIGINT  NOT NULL,
    saved_at     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, token)
);

-- File imports --------------------------------------------------------------------------------------------------------

CREATE TABLE import_job (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    id           UUID    NOT NULL,
    kind         TEXT COLLATE "C"    NOT NULL,
    file_name    TEXT COLLATE "C"    NOT NULL,
    digest       TEXT COLLATE "C"    NOT NULL,
    size         BIGINT  NOT NULL,
    state        TEXT COLLATE "C"    NOT NULL,
    rows_done    BIGINT  NOT NULL,
    bytes_done   BIGINT  NOT NULL,
    accepted     BIGINT  NOT NULL,
    duplicates   BIGINT  NOT NULL,
    rejected     BIGINT  NOT NULL,
    header       TEXT COLLATE "C"    NOT NULL,
    ignored      TEXT COLLATE "C"    NOT NULL,
    failure      TEXT COLLATE "C",
    lease_owner  UUID,
    lease_until  BIGINT  NOT NULL,
    attempts     BIGINT  NOT NULL,
    created_at   BIGINT  NOT NULL,
    finished_at  BIGINT,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX import_job_active ON import_job (agency_id, kind, digest) WHERE state IN ('queued', 'running');

CREATE TABLE import_chunk (
    agency_id    UUID    NOT NULL,
    job_id       UUID    NOT NULL,
    position     INTEGER NOT NULL,
    bytes        BYTEA    NOT NULL,
    PRIMARY KEY (agency_id, job_id, position),
    FOREIGN KEY (agency_id, job_id) REFERENCES import_job (agency_id, id)
);

CREATE TABLE import_error (
    agency_id    UUID    NOT NULL,
    job_id       UUID    NOT NULL,
    row_no       BIGINT  NOT NULL,
    code         TEXT COLLATE "C"    NOT NULL,
    detail       TEXT COLLATE "C"    NOT NULL,
    cells        TEXT COLLATE "C"    NOT NULL,
    PRIMARY KEY (agency_id, job_id, row_no),
    FOREIGN KEY (agency_id, job_id) REFERENCES import_job (agency_id, id)
);

-- Plugins and bindings ------------------------------------------------------------------------------------------------

CREATE TABLE plugin (
    agency_id       UUID    NOT NULL REFERENCES agency (id),
    digest          TEXT COLLATE "C"    NOT NULL,
    name            TEXT COLLATE "C"    NOT NULL,
    version         TEXT COLLATE "C"    NOT NULL,
    extension_point TEXT COLLATE "C"    NOT NULL,
    description     TEXT COLLATE "C"    NOT NULL,
    segments        TEXT COLLATE "C"    NOT NULL,
    self_test       TEXT COLLATE "C"    NOT NULL,
    size            BIGINT  NOT NULL,
    component       BYTEA    NOT NULL,
    created_at      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, digest)
);

-- `applied_change`: every change of facts up to this one has been classified. `stale_since`: the rule fails; the last
-- memberships stand.
CREATE TABLE binding (
    agency_id       UUID    NOT NULL REFERENCES agency (id),
    extension_point TEXT COLLATE "C"    NOT NULL,
    name            TEXT COLLATE "C"    NOT NULL,
    revision        BIGINT  NOT NULL,
    run             BIGINT  NOT NULL,
    transition      BIGINT  NOT NULL,
    applied_change  BIGINT  NOT NULL,
    stale_since     BIGINT,
    stale_reason    TEXT COLLATE "C",
    PRIMARY KEY (agency_id, extension_point, name)
);

-- Append-only: who put which rule into force when, and what it moved. `cause`: activation, rollback or breaker; the host itself
-- (no `activated_by`) goes back when a rule keeps failing, and `note` says how it failed.
CREATE TABLE binding_revision (
    agency_id       UUID    NOT NULL,
    extension_point TEXT COLLATE "C"    NOT NULL,
    name            TEXT COLLATE "C"    NOT NULL,
    revision        BIGINT  NOT NULL,
    digest          TEXT COLLATE "C"    NOT NULL,
    config          TEXT COLLATE "C"    NOT NULL,
    config_digest   TEXT COLLATE "C"    NOT NULL,
    restores        BIGINT,
    diff            TEXT COLLATE "C"    NOT NULL,
    cause           TEXT    NOT NULL,
    note            TEXT,
    activated_by    UUID,
    activated_at    BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, extension_point, name, revision),
    FOREIGN KEY (agency_id, extension_point, name) REFERENCES binding (agency_id, extension_point, name),
    FOREIGN KEY (agency_id, digest) REFERENCES plugin (agency_id, digest)
);

CREATE TABLE granted_fact (
    agency_id       UUID    NOT NULL,
    extension_point TEXT COLLATE "C"    NOT NULL,
    name            TEXT COLLATE "C"    NOT NULL,
    fact            TEXT COLLATE "C"    NOT NULL,
    granted_by      UUID    NOT NULL,
    granted_at      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, extension_point, name, fact),
    FOREIGN KEY (agency_id, extension_point, name) REFERENCES binding (agency_id, extension_point, name)
);

-- Segments ------------------------------------------------------------------------------------------------------------

-- Append-only: every full run, with all it depended on.
CREATE TABLE segment_run (
    agency_id     UUID    NOT NULL REFERENCES agency (id),
    binding       TEXT COLLATE "C"    NOT NULL,
    run           BIGINT  NOT NULL,
    revision      BIGINT  NOT NULL,
    digest        TEXT COLLATE "C"    NOT NULL,
    config_digest TEXT COLLATE "C"    NOT NULL,
    cause         TEXT COLLATE "C"    NOT NULL,
    at            BIGINT  NOT NULL,
    day           INTEGER NOT NULL,
    change        BIGINT  NOT NULL,
    transition    BIGINT  NOT NULL,
    quantiles     TEXT COLLATE "C"    NOT NULL,
    customers     BIGINT  NOT NULL,
    moved         BIGINT  NOT NULL,
    fuel          BIGINT  NOT NULL,
    duration_ms   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, binding, run)
);

-- Members by the latest full run, as roaring bitmaps over ordinals; later single moves are in segment_transition.
CREATE TABLE segment_membership (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    binding      TEXT COLLATE "C"    NOT NULL,
    segment      TEXT COLLATE "C"    NOT NULL,
    members      BYTEA    NOT NULL,
    PRIMARY KEY (agency_id, binding, segment)
);

-- Append-only: who entered and left a segment by a full run.
CREATE TABLE segment_move (
    agency_id    UUID    NOT NULL,
    binding      TEXT COLLATE "C"    NOT NULL,
    run          BIGINT  NOT NULL,
    segment      TEXT COLLATE "C"    NOT NULL,
    entered      BYTEA    NOT NULL,
    departed     BYTEA    NOT NULL,
    PRIMARY KEY (agency_id, binding, run, segment),
    FOREIGN KEY (agency_id, binding, run) REFERENCES segment_run (agency_id, binding, run)
);

-- Append-only: single moves between full runs.
CREATE TABLE segment_transition (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    binding      TEXT COLLATE "C"    NOT NULL,
    transition   BIGINT  NOT NULL,
    ordinal      BIGINT  NOT NULL,
    origin       TEXT COLLATE "C",
    target       TEXT COLLATE "C",
    at           BIGINT  NOT NULL,
    change       BIGINT  NOT NULL,
    revision     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, binding, transition)
);
CREATE INDEX segment_transition_of_customer ON segment_transition (agency_id, binding, ordinal, transition);

CREATE TABLE preview (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    id           UUID    NOT NULL,
    binding      TEXT COLLATE "C"    NOT NULL,
    summary      TEXT COLLATE "C"    NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);

-- An empty segment name means none.
CREATE TABLE preview_move (
    agency_id    UUID    NOT NULL,
    preview_id   UUID    NOT NULL,
    origin       TEXT COLLATE "C"    NOT NULL,
    target       TEXT COLLATE "C"    NOT NULL,
    customers    BYTEA    NOT NULL,
    PRIMARY KEY (agency_id, preview_id, origin, target),
    FOREIGN KEY (agency_id, preview_id) REFERENCES preview (agency_id, id) ON DELETE CASCADE
);

-- The second wall ---------------------------------------------------------------------------------------------------
-- Every transaction takes one of two plain roles and, in the first, names its agency; without that no row is visible, not
-- even to the owner of the tables.

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'posthouse_agency') THEN CREATE ROLE posthouse_agency NOLOGIN; END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL; -- another database of the cluster was first
    WHEN insufficient_privilege THEN RAISE EXCEPTION 'the role posthouse_agency is missing, and this user may not create it: '
        'let a superuser run CREATE ROLE posthouse_agency NOLOGIN; GRANT posthouse_agency TO %; and start again', current_user;
END $$;
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'posthouse_jobs') THEN CREATE ROLE posthouse_jobs NOLOGIN; END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL; -- another database of the cluster was first
    WHEN insufficient_privilege THEN RAISE EXCEPTION 'the role posthouse_jobs is missing, and this user may not create it: '
        'let a superuser run CREATE ROLE posthouse_jobs NOLOGIN; GRANT posthouse_jobs TO %; and start again', current_user;
END $$;
DO $$ BEGIN
    IF NOT (pg_has_role('posthouse_agency', 'MEMBER') AND pg_has_role('posthouse_jobs', 'MEMBER')) THEN
        EXECUTE format('GRANT posthouse_agency, posthouse_jobs TO %I', current_user);
    END IF;
END $$;
DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO posthouse_agency, posthouse_jobs', current_schema()); END $$;

ALTER TABLE installation ENABLE ROW LEVEL SECURITY;
ALTER TABLE installation FORCE ROW LEVEL SECURITY;
CREATE POLICY the_row ON installation TO posthouse_jobs USING (true);
GRANT SELECT, INSERT ON installation TO posthouse_jobs;
GRANT SELECT ON installation TO posthouse_agency;
ALTER TABLE agency ENABLE ROW LEVEL SECURITY;
ALTER TABLE agency FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON agency TO posthouse_agency USING (id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON agency TO posthouse_agency;
ALTER TABLE counter ENABLE ROW LEVEL SECURITY;
ALTER TABLE counter FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON counter TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON counter TO posthouse_agency;
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON api_key TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON api_key TO posthouse_agency;
ALTER TABLE kept_answer ENABLE ROW LEVEL SECURITY;
ALTER TABLE kept_answer FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON kept_answer TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON kept_answer TO posthouse_agency;
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON customer TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON customer TO posthouse_agency;
ALTER TABLE identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON identity TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity TO posthouse_agency;
ALTER TABLE attribute_value ENABLE ROW LEVEL SECURITY;
ALTER TABLE attribute_value FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON attribute_value TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON attribute_value TO posthouse_agency;
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
ALTER TABLE event FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON event TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON event TO posthouse_agency;
ALTER TABLE unassigned_record ENABLE ROW LEVEL SECURITY;
ALTER TABLE unassigned_record FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON unassigned_record TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON unassigned_record TO posthouse_agency;
ALTER TABLE booking ENABLE ROW LEVEL SECURITY;
ALTER TABLE booking FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON booking TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON booking TO posthouse_agency;
ALTER TABLE activity ENABLE ROW LEVEL SECURITY;
ALTER TABLE activity FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON activity TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON activity TO posthouse_agency;
ALTER TABLE fact ENABLE ROW LEVEL SECURITY;
ALTER TABLE fact FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON fact TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON fact TO posthouse_agency;
ALTER TABLE attribute_definition ENABLE ROW LEVEL SECURITY;
ALTER TABLE attribute_definition FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON attribute_definition TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON attribute_definition TO posthouse_agency;
ALTER TABLE frame_mark ENABLE ROW LEVEL SECURITY;
ALTER TABLE frame_mark FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON frame_mark TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON frame_mark TO posthouse_agency;
ALTER TABLE import_job ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_job FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON import_job TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON import_job TO posthouse_agency;
ALTER TABLE import_chunk ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_chunk FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON import_chunk TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON import_chunk TO posthouse_agency;
ALTER TABLE import_error ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_error FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON import_error TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON import_error TO posthouse_agency;
ALTER TABLE plugin ENABLE ROW LEVEL SECURITY;
ALTER TABLE plugin FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON plugin TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON plugin TO posthouse_agency;
ALTER TABLE binding ENABLE ROW LEVEL SECURITY;
ALTER TABLE binding FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON binding TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON binding TO posthouse_agency;
ALTER TABLE binding_revision ENABLE ROW LEVEL SECURITY;
ALTER TABLE binding_revision FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON binding_revision TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON binding_revision TO posthouse_agency;
ALTER TABLE granted_fact ENABLE ROW LEVEL SECURITY;
ALTER TABLE granted_fact FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON granted_fact TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON granted_fact TO posthouse_agency;
ALTER TABLE segment_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE segment_run FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON segment_run TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON segment_run TO posthouse_agency;
ALTER TABLE segment_membership ENABLE ROW LEVEL SECURITY;
ALTER TABLE segment_membership FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON segment_membership TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON segment_membership TO posthouse_agency;
ALTER TABLE segment_move ENABLE ROW LEVEL SECURITY;
ALTER TABLE segment_move FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON segment_move TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON segment_move TO posthouse_agency;
ALTER TABLE segment_transition ENABLE ROW LEVEL SECURITY;
ALTER TABLE segment_transition FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON segment_transition TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON segment_transition TO posthouse_agency;
ALTER TABLE preview ENABLE ROW LEVEL SECURITY;
ALTER TABLE preview FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON preview TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON preview TO posthouse_agency;
ALTER TABLE preview_move ENABLE ROW LEVEL SECURITY;
ALTER TABLE preview_move FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON preview_move TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON preview_move TO posthouse_agency;

-- Background work looks for agencies and for files to import, and at nothing else.
CREATE POLICY all_rows ON agency FOR SELECT TO posthouse_jobs USING (true);
GRANT SELECT ON agency TO posthouse_jobs;
CREATE POLICY all_rows ON import_job TO posthouse_jobs USING (true);
GRANT SELECT, UPDATE ON import_job TO posthouse_jobs;
