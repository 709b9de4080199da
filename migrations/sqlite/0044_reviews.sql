-- Reviews --------------------------------------------------------------------------------------------------------------------

-- What customers wrote of their trips (`review.written`), as far as facts and rules go by it. `rating`: from 1 to 5, if there is one.
-- `is_followed`: loyalty has looked at it.
CREATE TABLE review (
    agency_id    BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    source       TEXT    NOT NULL,
    external_id  TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    on_day       INTEGER NOT NULL,
    rating       INTEGER,
    is_followed  BOOLEAN NOT NULL,
    PRIMARY KEY (agency_id, customer_id, source, external_id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX review_to_follow ON review (agency_id, customer_id, source, external_id) WHERE NOT is_followed;

-- Moves with every change of the terms.
ALTER TABLE loyalty_programme ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
