-- What rules logged while they decided, apart from the decisions, which are never changed: lines are kept for so many days and then forgotten.
-- `id` is that of the set, or of a decision by itself; `document` is the lines by decision, compressed. What was logged before this is forgotten.
CREATE TABLE decision_log (
    agency_id BLOB   NOT NULL REFERENCES agency (id),
    id        BLOB   NOT NULL,
    at        BIGINT NOT NULL,
    document  BLOB   NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE INDEX decision_log_by_age ON decision_log (agency_id, at);
ALTER TABLE decision DROP COLUMN log;
