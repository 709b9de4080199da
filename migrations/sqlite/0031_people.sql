-- People -----------------------------------------------------------------------------------------------------------------

-- Places of the agency that people work in.
CREATE TABLE branch (
    agency_id   BLOB    NOT NULL REFERENCES agency (id),
    id          BLOB    NOT NULL,
    name        TEXT    NOT NULL,
    name_form   TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, name_form)
);

-- Roles of the agency's own; the built-in ones are the same everywhere and in no table. Title, permissions and masks are JSON.
CREATE TABLE role (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    key          TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    permissions  TEXT    NOT NULL,
    masks        TEXT    NOT NULL,
    row_scope    TEXT    NOT NULL CHECK (row_scope IN ('own', 'branch', 'all')),
    updated_at   BIGINT  NOT NULL,
    version      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- People of the agency, each an actor of the same id, whose holder is the e-mail address, in normal form here as well. `password` is the PHC string of
-- argon2id, none until an invitation was accepted. `failures` in a row lock the door until `locked_until`. All instants are machine time.
CREATE TABLE staff (
    agency_id     BLOB    NOT NULL,
    id            BLOB    NOT NULL,
    email         TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    branch_id     BLOB,
    language      TEXT    CHECK (language IN ('zh-CN', 'en')),
    theme         TEXT    CHECK (theme IN ('light', 'dark')),
    password      TEXT,
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
    agency_id   BLOB    NOT NULL,
    staff_id    BLOB    NOT NULL,
    hash        BLOB    NOT NULL,
    ends_at     BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, staff_id),
    UNIQUE (agency_id, hash),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);

-- Who is signed in where. Tokens are hashes; the `earlier` one opens until `earlier_until`, for requests that were under way when it was replaced.
CREATE TABLE staff_session (
    agency_id      BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    staff_id       BLOB    NOT NULL,
    hash           BLOB    NOT NULL,
    earlier        BYTEA,
    earlier_until  BIGINT  NOT NULL,
    address        TEXT    NOT NULL,
    agent          TEXT    NOT NULL,
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

-- Many people's data taken away as a file has a word of its own now; keys that could keep it.
UPDATE api_key SET scopes = REPLACE(scopes, '"read"', '"read","exports"') WHERE scopes LIKE '%"read"%';
