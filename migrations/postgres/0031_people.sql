-- People -----------------------------------------------------------------------------------------------------------------

-- Places of the agency that people work in.
CREATE TABLE branch (
    agency_id   UUID    NOT NULL REFERENCES agency (id),
    id          UUID    NOT NULL,
    name        TEXT COLLATE "C"    NOT NULL,
    name_form   TEXT COLLATE "C"    NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, name_form)
);

-- Roles of the agency's own; the built-in ones are the same everywhere and in no table. Title, permissions and masks are JSON.
CREATE TABLE role (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    key          TEXT COLLATE "C"    NOT NULL,
    title        TEXT COLLATE "C"    NOT NULL,
    permissions  TEXT COLLATE "C"    NOT NULL,
    masks        TEXT COLLATE "C"    NOT NULL,
    row_scope    TEXT COLLATE "C"    NOT NULL CHECK (row_scope IN ('own', 'branch', 'all')),
    updated_at   BIGINT  NOT NULL,
    version      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- People of the agency, each an actor of the same id, whose holder is the e-mail address, in normal form here as well. `password` is the PHC string of
-- argon2id, none until an invitation was accepted. `failures` in a row lock the door until `locked_until`. All instants are machine time.
CREATE TABLE staff (
    agency_id     UUID    NOT NULL,
    id            UUID    NOT NULL,
    email         TEXT COLLATE "C"    NOT NULL,
    name          TEXT COLLATE "C"    NOT NULL,
    role          TEXT COLLATE "C"    NOT NULL,
    branch_id     UUID,
    language      TEXT COLLATE "C"    CHECK (language IN ('zh-CN', 'en')),
    theme         TEXT COLLATE "C"    CHECK (theme IN ('light', 'dark')),
    password      TEXT COLLATE "C",
    failures      BIGINT  NOT NULL,
    locked_until  BIGINT  NOT NULL,
    signed_in_at  BIGINT,
    disabled_at   BIGINT,
    created_at    BIGINT  NOT NULL,
    version       BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, email),
    FOREIGN KEY (agency_id, id) REFERENCES actor (agency_id, id),
    FOREIGN KEY (agency_id, branch_id) REFERENCES branch (agency_id, id)
);
-- whoever signs in without naming an agency is looked for in all of them
CREATE INDEX staff_by_email ON staff (email);

-- Links by which somebody chooses a password, each once: a person's latest, as a hash.
CREATE TABLE invitation (
    agency_id   UUID    NOT NULL,
    staff_id    UUID    NOT NULL,
    hash        BYTEA   NOT NULL,
    ends_at     BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, staff_id),
    UNIQUE (agency_id, hash),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);

-- Who is signed in where. Tokens are hashes; the `earlier` one opens until `earlier_until`, for requests that were under way when it was replaced.
CREATE TABLE staff_session (
    agency_id      UUID    NOT NULL,
    id             UUID    NOT NULL,
    staff_id       UUID    NOT NULL,
    hash           BYTEA   NOT NULL,
    earlier        BYTEA,
    earlier_until  BIGINT  NOT NULL,
    address        TEXT COLLATE "C"    NOT NULL,
    agent          TEXT COLLATE "C"    NOT NULL,
    began_at       BIGINT  NOT NULL,
    seen_at        BIGINT  NOT NULL,
    rotated_at     BIGINT  NOT NULL,
    ends_at        BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, hash),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);
CREATE INDEX staff_session_by_earlier ON staff_session (agency_id, earlier);
CREATE INDEX staff_session_by_staff ON staff_session (agency_id, staff_id);

ALTER TABLE branch ENABLE ROW LEVEL SECURITY;
ALTER TABLE branch FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON branch TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON branch TO posthouse_agency;

ALTER TABLE role ENABLE ROW LEVEL SECURITY;
ALTER TABLE role FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON role TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON role TO posthouse_agency;

ALTER TABLE staff ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON staff TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON staff TO posthouse_agency;

ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON invitation TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON invitation TO posthouse_agency;

ALTER TABLE staff_session ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_session FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON staff_session TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON staff_session TO posthouse_agency;

CREATE POLICY all_rows ON staff FOR SELECT TO posthouse_jobs USING (true);
GRANT SELECT (agency_id, email) ON staff TO posthouse_jobs;

-- Many people's data taken away as a file has a word of its own now; keys that could keep it.
ALTER TABLE api_key NO FORCE ROW LEVEL SECURITY;
UPDATE api_key SET scopes = REPLACE(scopes, '"read"', '"read","exports"') WHERE scopes LIKE '%"read"%';
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
