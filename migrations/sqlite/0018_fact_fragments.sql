-- What a capability contributes to a customer's facts beside those folded from records: one row for each customer and capability, written by
-- that capability alone. `facts` is a JSON object by the keys of the catalogue. `change`, `as_of` and `edge_on` as in `fact`.
CREATE TABLE fact_fragment (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    ordinal      BIGINT  NOT NULL,
    fragment     TEXT    NOT NULL,
    customer_id  BLOB    NOT NULL,
    change       BIGINT  NOT NULL,
    as_of        INTEGER NOT NULL,
    edge_on      INTEGER,
    facts        TEXT    NOT NULL,
    PRIMARY KEY (agency_id, ordinal, fragment),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX fact_fragment_by_change ON fact_fragment (agency_id, change);
CREATE INDEX fact_fragment_by_edge ON fact_fragment (agency_id, fragment, edge_on) WHERE edge_on IS NOT NULL;
