-- Loyalty in the order of its members ----------------------------------------------------------------------------------------

-- What came and went of a wallet between two days, and its last line on an evening, are found here, however many lines there are.
DROP INDEX points_entry_of_day;
CREATE INDEX points_entry_of_wallet ON points_entry (agency_id, customer_id, wallet, on_day, nth, available);

-- Bookings that have changed since their occasions were looked at, by customer: what is written of members who stand beside each other is on
-- few pages.
ALTER TABLE loyalty_touched RENAME TO loyalty_touched_before;
CREATE TABLE loyalty_touched (
    agency_id    BLOB NOT NULL,
    customer_id  BLOB NOT NULL,
    booking_id   TEXT NOT NULL,
    PRIMARY KEY (agency_id, customer_id, booking_id)
) WITHOUT ROWID;
INSERT INTO loyalty_touched (agency_id, customer_id, booking_id)
SELECT t.agency_id, b.customer_id, t.booking_id FROM loyalty_touched_before AS t JOIN booking AS b ON b.agency_id = t.agency_id AND b.id = t.booking_id;
DROP TABLE loyalty_touched_before;
