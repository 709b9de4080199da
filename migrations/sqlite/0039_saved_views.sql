-- Lists as people narrow, sort and lay them out, kept under a name ---------------------------------------------------------

-- `list`: which list it is of. `query`: what the list's address says. `actor_id`: whose it is; a shared one is seen by everybody and stays its owner's.
CREATE TABLE saved_view (
    agency_id  BLOB NOT NULL REFERENCES agency (id),
    id         BLOB NOT NULL,
    list       TEXT NOT NULL,
    title      TEXT NOT NULL,
    query      TEXT NOT NULL,
    is_shared  BOOLEAN NOT NULL,
    actor_id   BLOB NOT NULL,
    saved_at   BIGINT NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE UNIQUE INDEX saved_view_by_title ON saved_view (agency_id, list, actor_id, title);
