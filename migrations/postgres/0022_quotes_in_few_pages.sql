-- Quotes in few pages ----------------------------------------------------------------------------------------------------

-- Append-only: decisions that were made together, as those of a quote are. `document` has all of them, each text as it was written, compressed
-- (LZ4 of a JSON array, its length before it). The id of a decision is that of its set with its place, from 1, in the last twelve bits, so a set
-- is found by any of them. In the order of time: what is looked for by rule is looked for from the latest on.
CREATE TABLE decision_set (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    id           UUID    NOT NULL,
    customer_id  UUID,
    subject_kind TEXT COLLATE "C",
    subject_id   UUID,
    at           BIGINT  NOT NULL,
    document     BYTEA   NOT NULL,
    PRIMARY KEY (agency_id, id)
);
-- it is compressed
ALTER TABLE decision_set ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX decision_set_of_customer ON decision_set (agency_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX decision_set_of_subject ON decision_set (agency_id, subject_id, id) WHERE subject_id IS NOT NULL;
ALTER TABLE decision_set ENABLE ROW LEVEL SECURITY;
ALTER TABLE decision_set FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON decision_set TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT ON decision_set TO posthouse_agency;

-- By customer first: a quote assigns one customer to many campaigns, which is one place here and was one for each campaign. Whoever sums
-- up a campaign reads them all.
ALTER TABLE campaign_assignment DROP CONSTRAINT campaign_assignment_pkey;
ALTER TABLE campaign_assignment ADD PRIMARY KEY (agency_id, customer_id, campaign_id);
DROP INDEX campaign_assignment_of_customer;
