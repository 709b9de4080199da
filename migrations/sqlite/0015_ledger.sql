-- Ledger ---------------------------------------------------------------------------------------------------------------

-- What an account, and each part of it, comes to: `credited` came in, `debited` was used, less what came back, `held` is set aside. `kind`
-- says what is kept and in which unit, `owner` whose it is; `scope` and `subject` name the part: total and nothing for all of it. None is
-- ever below zero; the one statement that moves them sees to it, as a CHECK would see what it adds before it is added.
CREATE TABLE ledger_counter (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    kind         TEXT    NOT NULL,
    owner        BLOB    NOT NULL,
    scope        TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    credited     BIGINT  NOT NULL,
    debited      BIGINT  NOT NULL,
    held         BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, kind, owner, scope, subject)
);

-- Append-only: every movement of an account, with by how much each of its sums moved. A cause makes `entry` 1 when it begins, 2 when what it
-- set aside is used or freed, and then one each time something comes back: the key lets none of that happen twice. `parts`: a JSON array
-- of [scope, subject, amount].
CREATE TABLE ledger_entry (
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
);
CREATE INDEX ledger_entry_of_account ON ledger_entry (agency_id, kind, owner, at);
CREATE TRIGGER ledger_entry_is_not_changed BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'ledger entries are not changed'); END;
CREATE TRIGGER ledger_entry_is_not_deleted BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'ledger entries are not deleted'); END;

-- Budgets of campaigns are accounts of the ledger from now on, and quotes their causes. What a quote took, and what came back of it, is the
-- sum of its entries.
INSERT INTO ledger_counter (agency_id, kind, owner, scope, subject, credited, debited, held)
SELECT agency_id, 'budget', campaign_id, scope, subject, 0, spent, held FROM budget;
INSERT INTO ledger_entry (agency_id, cause_kind, cause_id, kind, owner, entry, movement, credited, debited, held, parts, at)
SELECT agency_id, 'quote', quote_id, 'budget', campaign_id, entry, kind, 0, spent, held,
    '[' || CASE WHEN customer_id IS NULL THEN '' ELSE
        '["customer","' || lower(substr(hex(customer_id), 1, 8) || '-' || substr(hex(customer_id), 9, 4) || '-' || substr(hex(customer_id), 13, 4) || '-' || substr(hex(customer_id), 17, 4) || '-' || substr(hex(customer_id), 21)) || '",' || amount || '],'
    END || '["day","' || day || '",' || amount || ']]', at
FROM (SELECT agency_id, quote_id, campaign_id, entry, kind, customer_id, day, held, spent, at,
    CASE kind WHEN 'reserve' THEN held WHEN 'commit' THEN spent WHEN 'release' THEN -held ELSE -spent END AS amount
    FROM budget_entry) AS moved;
DROP TABLE budget_entry;
DROP TABLE budget;
DROP TABLE quote_saving;
