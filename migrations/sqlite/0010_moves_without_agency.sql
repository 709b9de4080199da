-- Moves of segments ---------------------------------------------------------------------------------------------------

-- As on PostgreSQL, a move does not look up its agency: its binding names it. SQLite takes a key out of a table by making the table anew.
CREATE TABLE segment_transition_new (
    agency_id    BLOB    NOT NULL,
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
INSERT INTO segment_transition_new SELECT agency_id, binding, transition, ordinal, origin, target, at, change, revision FROM segment_transition;
DROP TABLE segment_transition;
ALTER TABLE segment_transition_new RENAME TO segment_transition;
CREATE INDEX segment_transition_of_customer ON segment_transition (agency_id, binding, ordinal, transition);
