-- Counters that move together stand together -------------------------------------------------------------------------------

-- `place` is where a counter stands: beside those of all accounts that share the part (`total/`, `day/20410`, `customer/ID`), or, if the part is
-- the account's own, beside the others of the account (its owner's id); then `part` says which, as `lot/ID`. A quote moved three counters of
-- each campaign in two pages of each; now those of all campaigns are in three. `at_most` is the limit that the counter was last moved under.
CREATE TABLE new_ledger_counter (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    kind         TEXT    NOT NULL,
    place        TEXT    NOT NULL,
    owner        BLOB    NOT NULL,
    part         TEXT    NOT NULL,
    credited     BIGINT  NOT NULL,
    debited      BIGINT  NOT NULL,
    held         BIGINT  NOT NULL,
    at_most      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, kind, place, owner, part)
) WITHOUT ROWID;
INSERT INTO new_ledger_counter (agency_id, kind, place, owner, part, credited, debited, held, at_most)
SELECT agency_id, kind, scope || '/' || subject, owner, '', credited, debited, held, 9223372036854775807 FROM ledger_counter;
DROP TABLE ledger_counter;
ALTER TABLE new_ledger_counter RENAME TO ledger_counter;
