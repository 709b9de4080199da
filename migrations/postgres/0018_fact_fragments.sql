-- What a capability contributes to a customer's facts beside those folded from records: one row for each customer and capability, written by
-- that capability alone. `facts` is a JSON object by the keys of the catalogue. `change`, `as_of` and `edge_on` as in `fact`.
CREATE TABLE fact_fragment (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    ordinal      BIGINT  NOT NULL,
    fragment     TEXT COLLATE "C"    NOT NULL,
    customer_id  UUID    NOT NULL,
    change       BIGINT  NOT NULL,
    as_of        INTEGER NOT NULL,
    edge_on      INTEGER,
    facts        TEXT COLLATE "C"    NOT NULL,
    PRIMARY KEY (agency_id, ordinal, fragment),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX fact_fragment_by_change ON fact_fragment (agency_id, change);
CREATE INDEX fact_fragment_by_edge ON fact_fragment (agency_id, fragment, edge_on) WHERE edge_on IS NOT NULL;

ALTER TABLE fact_fragment ENABLE ROW LEVEL SECURITY;
ALTER TABLE fact_fragment FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON fact_fragment TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON fact_fragment TO posthouse_agency;
