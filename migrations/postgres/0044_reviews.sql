-- Reviews --------------------------------------------------------------------------------------------------------------------

-- What customers wrote of their trips (`review.written`), as far as facts and rules go by it. `rating`: from 1 to 5, if there is one.
-- `is_followed`: loyalty has looked at it.
CREATE TABLE review (
    agency_id    UUID    NOT NULL,
    customer_id  UUID    NOT NULL,
    source       TEXT COLLATE "C"    NOT NULL,
    external_id  TEXT COLLATE "C"    NOT NULL,
    at           BIGINT  NOT NULL,
    on_day       INTEGER NOT NULL,
    rating       INTEGER,
    is_followed  BOOLEAN NOT NULL,
    PRIMARY KEY (agency_id, customer_id, source, external_id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX review_to_follow ON review (agency_id, customer_id, source, external_id) WHERE NOT is_followed;

ALTER TABLE review ENABLE ROW LEVEL SECURITY;
ALTER TABLE review FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON review TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON review TO posthouse_agency;

-- Moves with every change of the terms.
ALTER TABLE loyalty_programme ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
