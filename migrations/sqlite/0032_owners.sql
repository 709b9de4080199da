-- Owners of customers ----------------------------------------------------------------------------------------------------

-- Who of the staff looks after a customer; none once they were taken away again. `change` counts up with every change, by `counter.owners`, so that whoever keeps
-- owners in memory reads what is new.
ALTER TABLE counter ADD COLUMN owners BIGINT NOT NULL DEFAULT 0;
CREATE TABLE customer_owner (
    agency_id  BLOB    NOT NULL,
    ordinal    BIGINT  NOT NULL,
    staff_id   BLOB,
    change     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, ordinal),
    FOREIGN KEY (agency_id, ordinal) REFERENCES customer (agency_id, ordinal),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);
CREATE INDEX customer_owner_by_staff ON customer_owner (agency_id, staff_id, ordinal);
CREATE INDEX customer_owner_by_change ON customer_owner (agency_id, change);
