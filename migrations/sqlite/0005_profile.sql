-- Search --------------------------------------------------------------------------------------------------------------

-- What is searched is no longer one text of names.
ALTER TABLE customer DROP COLUMN search;

-- The words of each customer, one a line, those inside a name or number after a tab: what search_term holds of them now.
CREATE TABLE search_entry (
    agency_id    BLOB    NOT NULL,
    ordinal      BIGINT  NOT NULL,
    terms        TEXT    NOT NULL,
    PRIMARY KEY (agency_id, ordinal),
    FOREIGN KEY (agency_id, ordinal) REFERENCES customer (agency_id, ordinal)
);

-- The same words in order, for customers of 8192 ordinals each, so that a batch of new customers writes into one place.
CREATE TABLE search_term (
    agency_id    BLOB    NOT NULL,
    block        INTEGER NOT NULL,
    term         TEXT    NOT NULL,
    ordinal      BIGINT  NOT NULL,
    inside       INTEGER NOT NULL,
    PRIMARY KEY (agency_id, block, term, ordinal)
) WITHOUT ROWID;

-- Preferences ---------------------------------------------------------------------------------------------------------

-- Append-only: what each source told, and when it was true. An empty value takes back what was told of the key before.
CREATE TABLE preference (
    agency_id    BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    key          TEXT    NOT NULL,
    value        TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    source       TEXT    NOT NULL,
    source_kind  TEXT    NOT NULL,
    confidence   INTEGER,
    received     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, customer_id, key, value, at, source),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);

-- Links ---------------------------------------------------------------------------------------------------------------

-- `other_id` is the family, companion, payer, referrer or emergency contact of `customer_id`. Family and companions are so of each
-- other: one row, the smaller id first.
CREATE TABLE customer_link (
    agency_id    BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    other_id     BLOB    NOT NULL,
    source       TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, customer_id, kind, other_id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id),
    FOREIGN KEY (agency_id, other_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX customer_link_of_other ON customer_link (agency_id, other_id);
