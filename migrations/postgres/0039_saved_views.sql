-- Lists as people narrow, sort and lay them out, kept under a name ---------------------------------------------------------

-- `list`: which list it is of. `query`: what the list's address says. `actor_id`: whose it is; a shared one is seen by everybody and stays its owner's.
CREATE TABLE saved_view (
    agency_id  UUID NOT NULL REFERENCES agency (id),
    id         UUID NOT NULL,
    list       TEXT COLLATE "C" NOT NULL,
    title      TEXT COLLATE "C" NOT NULL,
    query      TEXT COLLATE "C" NOT NULL,
    is_shared  BOOLEAN NOT NULL,
    actor_id   UUID NOT NULL,
    saved_at   BIGINT NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX saved_view_by_title ON saved_view (agency_id, list, actor_id, title);

ALTER TABLE saved_view ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_view FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON saved_view TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_view TO posthouse_agency;
