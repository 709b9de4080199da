-- What rules logged while they decided, apart from the decisions, which are never changed: lines are kept for so many days and then forgotten.
-- `id` is that of the set, or of a decision by itself; `document` is the lines by decision, compressed. What was logged before this is forgotten.
CREATE TABLE decision_log (
    agency_id UUID   NOT NULL REFERENCES agency (id),
    id        UUID   NOT NULL,
    at        BIGINT NOT NULL,
    document  BYTEA  NOT NULL,
    PRIMARY KEY (agency_id, id)
);
-- it is compressed
ALTER TABLE decision_log ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX decision_log_by_age ON decision_log (agency_id, at);
ALTER TABLE decision_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE decision_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON decision_log TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, DELETE ON decision_log TO posthouse_agency;
ALTER TABLE decision DROP COLUMN log;
-- whoever opens rules for all agencies leaves out bindings whose last revision ended them
GRANT SELECT (cause) ON binding_revision TO posthouse_jobs;
