-- Actors and audit -------------------------------------------------------------------------------------------------------

-- Whoever does something: a key, a person of the staff, or the host by itself. One space of ids, which every `…_by` and the audit log name.
-- `holder` says whose a key is, in normal form: two keys of one holder are one person.
CREATE TABLE actor (
    agency_id   BLOB    NOT NULL REFERENCES agency (id),
    id          BLOB    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('staff', 'key', 'host')),
    name        TEXT    NOT NULL,
    holder      TEXT,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);

-- Where the audit log of an agency ends. Whoever writes an entry locks this row, so entries are in the order of the commits.
CREATE TABLE audit_head (
    agency_id  BLOB    NOT NULL PRIMARY KEY REFERENCES agency (id),
    entry      BIGINT  NOT NULL,
    hash       TEXT    NOT NULL
);

-- Who did what to what, and when by the machine's clock. Each entry's hash covers the one before it. Entries are never changed.
CREATE TABLE audit (
    agency_id  BLOB    NOT NULL REFERENCES agency (id),
    entry      BIGINT  NOT NULL,
    at         BIGINT  NOT NULL,
    actor_id   BLOB    NOT NULL,
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    hash       TEXT    NOT NULL,
    PRIMARY KEY (agency_id, entry),
    FOREIGN KEY (agency_id, actor_id) REFERENCES actor (agency_id, id)
);
CREATE INDEX audit_by_subject ON audit (agency_id, subject, entry);
CREATE INDEX audit_by_actor ON audit (agency_id, actor_id, entry);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit entries are not changed'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit entries are not deleted'); END;

-- Those there are already. The host of an agency has the agency's own id.
INSERT INTO actor (agency_id, id, kind, name, created_at) SELECT id, id, 'host', 'Posthouse', created_at FROM agency;
INSERT INTO actor (agency_id, id, kind, name, created_at) SELECT agency_id, id, 'key', name, created_at FROM api_key;
INSERT INTO audit_head (agency_id, entry, hash) SELECT id, 0, '' FROM agency;
