-- Quotes in few pages ----------------------------------------------------------------------------------------------------

-- Append-only: decisions that were made together, as those of a quote are. `document` has all of them, each text as it was written, compressed
-- (LZ4 of a JSON array, its length before it). The id of a decision is that of its set with its place, from 1, in the last twelve bits, so a set
-- is found by any of them. In the order of time: what is looked for by rule is looked for from the latest on.
CREATE TABLE decision_set (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    id           BLOB    NOT NULL,
    customer_id  UUID,
    subject_kind TEXT,
    subject_id   UUID,
    at           BIGINT  NOT NULL,
    document     BLOB    NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE INDEX decision_set_of_customer ON decision_set (agency_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX decision_set_of_subject ON decision_set (agency_id, subject_id, id) WHERE subject_id IS NOT NULL;

-- By customer first: a quote assigns one customer to many campaigns, which is one place here and was one for each campaign. Whoever sums
-- up a campaign reads them all.
CREATE TABLE new_assignment (
    agency_id    BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    campaign_id  BLOB    NOT NULL,
    arm          TEXT    NOT NULL,
    day          INTEGER NOT NULL,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, customer_id, campaign_id),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
) WITHOUT ROWID;
INSERT INTO new_assignment (agency_id, customer_id, campaign_id, arm, day, at)
SELECT agency_id, customer_id, campaign_id, arm, day, at FROM campaign_assignment;
DROP TABLE campaign_assignment;
ALTER TABLE new_assignment RENAME TO campaign_assignment;

-- In the order of their keys alone: a row beside its key would be a second page for each counter and each entry.
CREATE TABLE new_ledger_counter (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    kind         TEXT    NOT NULL,
    owner        BLOB    NOT NULL,
    scope        TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    credited     BIGINT  NOT NULL,
    debited      BIGINT  NOT NULL,
    held         BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, kind, owner, scope, subject)
) WITHOUT ROWID;
INSERT INTO new_ledger_counter (agency_id, kind, owner, scope, subject, credited, debited, held)
SELECT agency_id, kind, owner, scope, subject, credited, debited, held FROM ledger_counter;
DROP TABLE ledger_counter;
ALTER TABLE new_ledger_counter RENAME TO ledger_counter;

CREATE TABLE new_ledger_entry (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    cause_kind   TEXT    NOT NULL,
    cause_id     BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    owner        BLOB    NOT NULL,
    entry        BIGINT  NOT NULL,
    movement     TEXT    NOT NULL,
    credited     BIGINT  NOT NULL,
    debited      BIGINT  NOT NULL,
    held         BIGINT  NOT NULL,
    parts        TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, cause_kind, cause_id, kind, owner, entry),
    CHECK (
        (movement = 'reserve' AND credited = 0 AND debited = 0 AND held >= 0)
        OR (movement = 'commit' AND credited = 0 AND debited >= 0 AND held = -debited)
        OR (movement = 'release' AND credited = 0 AND debited = 0 AND held <= 0)
        OR (movement = 'return' AND credited = 0 AND debited <= 0 AND held = 0)
        OR (movement = 'credit' AND credited >= 0 AND debited = 0 AND held = 0)
        OR (movement = 'debit' AND credited = 0 AND debited >= 0 AND held = 0)
    )
) WITHOUT ROWID;
INSERT INTO new_ledger_entry (agency_id, cause_kind, cause_id, kind, owner, entry, movement, credited, debited, held, parts, at)
SELECT agency_id, cause_kind, cause_id, kind, owner, entry, movement, credited, debited, held, parts, at FROM ledger_entry;
DROP TABLE ledger_entry;
ALTER TABLE new_ledger_entry RENAME TO ledger_entry;
CREATE INDEX ledger_entry_of_account ON ledger_entry (agency_id, kind, owner, at);
CREATE TRIGGER ledger_entry_is_not_changed BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'ledger entries are not changed'); END;
CREATE TRIGGER ledger_entry_is_not_deleted BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'ledger entries are not deleted'); END;
