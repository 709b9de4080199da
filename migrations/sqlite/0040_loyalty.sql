-- Loyalty ------------------------------------------------------------------------------------------------------------------

-- The day on which a trip was first said to be over.
ALTER TABLE booking ADD COLUMN completed_on INTEGER;

-- What an agency calls its points, and the terms they are kept under. `value_of_100`: minor units that a hundred points are worth in the books.
-- Bookings and trips from `since_on` on earn. `members`: how many numbers were given out.
CREATE TABLE loyalty_programme (
    agency_id          BLOB    NOT NULL PRIMARY KEY REFERENCES agency (id),
    name_zh            TEXT    NOT NULL,
    name_en            TEXT    NOT NULL,
    enrol              TEXT    NOT NULL,
    value_of_100       BIGINT  NOT NULL,
    return_grace_days  INTEGER NOT NULL,
    since_on           INTEGER NOT NULL,
    members            BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL
);

-- Who takes part. The sums are those of the ledger's accounts and of the lots, written with each entry. `entries`: how many entries there are.
-- `due_on`: the next day on which something happens by itself; on it the tier is looked at too. `version` moves with every change.
CREATE TABLE member (
    agency_id       BLOB    NOT NULL,
    customer_id     BLOB    NOT NULL,
    member_no       TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    since_on        INTEGER NOT NULL,
    referral_code   TEXT    NOT NULL,
    tier            TEXT,
    tier_since      INTEGER,
    tier_until      INTEGER,
    tier_by_hand    BOOLEAN NOT NULL,
    tier_reason     TEXT    NOT NULL,
    tier_next       TEXT    NOT NULL,
    available       BIGINT  NOT NULL,
    pending         BIGINT  NOT NULL,
    held            BIGINT  NOT NULL,
    owed            BIGINT  NOT NULL,
    status          BIGINT  NOT NULL,
    status_pending  BIGINT  NOT NULL,
    entries         BIGINT  NOT NULL,
    tiers           BIGINT  NOT NULL,
    due_on          INTEGER,
    version         BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, customer_id),
    UNIQUE (agency_id, member_no),
    UNIQUE (agency_id, referral_code),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX member_by_tier ON member (agency_id, tier, customer_id);
CREATE INDEX member_due ON member (agency_id, due_on) WHERE due_on IS NOT NULL;

-- Append-only: every tier a member had, from `from_on` to the day before the next one's.
CREATE TABLE member_tier (
    agency_id    BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    nth          BIGINT  NOT NULL,
    tier         TEXT,
    from_on      INTEGER NOT NULL,
    until_on     INTEGER,
    by_hand      BOOLEAN NOT NULL,
    reason       TEXT    NOT NULL,
    decision_id  BLOB,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, customer_id, nth),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id)
);
CREATE TRIGGER member_tier_is_not_changed BEFORE UPDATE ON member_tier BEGIN SELECT RAISE(ABORT, 'tiers are not changed'); END;
CREATE TRIGGER member_tier_is_not_deleted BEFORE DELETE ON member_tier BEGIN SELECT RAISE(ABORT, 'tiers are not deleted'); END;

-- What each posting gave, and what became of it: `issued` is `rest` + `held` + `reversed` + `expired` and what was spent. `waits`: `trip`, `day`
-- (`active_on`), or nothing once it is active since `active_on`. `expires`: how long it lasts, as JSON. `is_open`: something is left or set aside.
CREATE TABLE points_lot (
    agency_id    BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    wallet       TEXT    NOT NULL,
    issued       BIGINT  NOT NULL,
    waits        TEXT,
    active_on    INTEGER,
    expires      TEXT    NOT NULL,
    until_on     INTEGER,
    rest         BIGINT  NOT NULL,
    held         BIGINT  NOT NULL,
    reversed     BIGINT  NOT NULL,
    expired      BIGINT  NOT NULL,
    charged      BIGINT  NOT NULL,
    is_open      BOOLEAN NOT NULL,
    occasion_id  BLOB,
    PRIMARY KEY (agency_id, customer_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id)
);
CREATE INDEX points_lot_open ON points_lot (agency_id, customer_id) WHERE is_open;
CREATE INDEX points_lot_of_occasion ON points_lot (agency_id, occasion_id);

-- Append-only: the statement of a member, a row for each movement of a wallet, with what it changed and what there was behind it. `id` is the
-- cause of the ledger's entries. A cause moves a wallet once in each way: `about` names it, as the occasion that earned.
CREATE TABLE points_entry (
    agency_id        BLOB    NOT NULL,
    customer_id      BLOB    NOT NULL,
    nth              BIGINT  NOT NULL,
    id               BLOB    NOT NULL,
    at               BIGINT  NOT NULL,
    on_day           INTEGER NOT NULL,
    wallet           TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    about_kind       TEXT    NOT NULL,
    about            TEXT    NOT NULL,
    pending          BIGINT  NOT NULL,
    available        BIGINT  NOT NULL,
    held             BIGINT  NOT NULL,
    owed             BIGINT  NOT NULL,
    pending_after    BIGINT  NOT NULL,
    available_after  BIGINT  NOT NULL,
    held_after       BIGINT  NOT NULL,
    owed_after       BIGINT  NOT NULL,
    lots             TEXT    NOT NULL,
    binding          TEXT    NOT NULL,
    reason           TEXT    NOT NULL,
    decision_id      BLOB,
    actor_id         BLOB,
    PRIMARY KEY (agency_id, customer_id, nth),
    UNIQUE (agency_id, customer_id, wallet, kind, about_kind, about),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id)
);
CREATE INDEX points_entry_of_day ON points_entry (agency_id, customer_id, on_day);
CREATE TRIGGER points_entry_is_not_changed BEFORE UPDATE ON points_entry BEGIN SELECT RAISE(ABORT, 'entries are not changed'); END;
CREATE TRIGGER points_entry_is_not_deleted BEFORE DELETE ON points_entry BEGIN SELECT RAISE(ABORT, 'entries are not deleted'); END;

-- What rules are asked about: waiting, settled, for review, or undone, as its booking was called off or changed; then `round` counts on. `basis`:
-- what of the booking the rule was told, as a digest. `amount`: what the booking cost then.
CREATE TABLE loyalty_occasion (
    agency_id    BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    about_kind   TEXT    NOT NULL,
    about        TEXT    NOT NULL,
    binding      TEXT    NOT NULL,
    round        BIGINT  NOT NULL,
    state        TEXT    NOT NULL,
    occasion     TEXT    NOT NULL,
    basis        TEXT    NOT NULL,
    amount       BIGINT  NOT NULL,
    attempts     BIGINT  NOT NULL,
    due_at       BIGINT  NOT NULL,
    problem      TEXT,
    decision_id  BLOB,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, customer_id, kind, about_kind, about, binding, round),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id)
);
CREATE INDEX loyalty_occasion_waiting ON loyalty_occasion (agency_id, due_at, id) WHERE state = 'waiting';
CREATE INDEX loyalty_occasion_about ON loyalty_occasion (agency_id, about_kind, about);

-- Bookings that have changed since their occasions were looked at.
CREATE TABLE loyalty_touched (
    agency_id   BLOB NOT NULL,
    booking_id  TEXT NOT NULL,
    PRIMARY KEY (agency_id, booking_id)
);
