-- Actors and audit -------------------------------------------------------------------------------------------------------

-- Whoever does something: a key, a person of the staff, or the host by itself. One space of ids, which every `…_by` and the audit log name.
-- `holder` says whose a key is, in normal form: two keys of one holder are one person.
CREATE TABLE actor (
    agency_id   UUID    NOT NULL REFERENCES agency (id),
    id          UUID    NOT NULL,
    kind        TEXT COLLATE "C"    NOT NULL CHECK (kind IN ('staff', 'key', 'host')),
    name        TEXT COLLATE "C"    NOT NULL,
    holder      TEXT COLLATE "C",
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);

-- Where the audit log of an agency ends. Whoever writes an entry locks this row, so entries are in the order of the commits.
CREATE TABLE audit_head (
    agency_id  UUID    NOT NULL PRIMARY KEY REFERENCES agency (id),
    entry      BIGINT  NOT NULL,
    hash       TEXT COLLATE "C"    NOT NULL
);

-- Who did what to what, and when by the machine's clock. Each entry's hash covers the one before it. Entries are never changed.
CREATE TABLE audit (
    agency_id  UUID    NOT NULL REFERENCES agency (id),
    entry      BIGINT  NOT NULL,
    at         BIGINT  NOT NULL,
    actor_id   UUID    NOT NULL,
    action     TEXT COLLATE "C"    NOT NULL,
    subject    TEXT COLLATE "C"    NOT NULL,
    detail     TEXT COLLATE "C"    NOT NULL,
    hash       TEXT COLLATE "C"    NOT NULL,
    PRIMARY KEY (agency_id, entry),
    FOREIGN KEY (agency_id, actor_id) REFERENCES actor (agency_id, id)
);
CREATE INDEX audit_by_subject ON audit (agency_id, subject, entry);
CREATE INDEX audit_by_actor ON audit (agency_id, actor_id, entry);

ALTER TABLE actor ENABLE ROW LEVEL SECURITY;
ALTER TABLE actor FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON actor TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON actor TO posthouse_agency;

ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON audit_head TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON audit_head TO posthouse_agency;

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON audit TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT ON audit TO posthouse_agency;

-- Those there are already. The host of an agency has the agency's own id.
ALTER TABLE agency NO FORCE ROW LEVEL SECURITY;
ALTER TABLE api_key NO FORCE ROW LEVEL SECURITY;
ALTER TABLE actor NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_head NO FORCE ROW LEVEL SECURITY;
INSERT INTO actor (agency_id, id, kind, name, created_at) SELECT id, id, 'host', 'Posthouse', created_at FROM agency;
INSERT INTO actor (agency_id, id, kind, name, created_at) SELECT agency_id, id, 'key', name, created_at FROM api_key;
INSERT INTO audit_head (agency_id, entry, hash) SELECT id, 0, '' FROM agency;
ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;
ALTER TABLE actor FORCE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
ALTER TABLE agency FORCE ROW LEVEL SECURITY;
