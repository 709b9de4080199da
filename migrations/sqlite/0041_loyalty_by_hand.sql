-- Loyalty by hand: adjustments, rewards and their orders, referrals, the books --------------------------------------------------

-- How many points a member passes on in a day, 0 for none; how many somebody of a role adjusts at once, as JSON by the role's key; and how many
-- customers a member brings in 365 days.
ALTER TABLE loyalty_programme ADD COLUMN transfer_per_day BIGINT NOT NULL DEFAULT 10000;
ALTER TABLE loyalty_programme ADD COLUMN adjust_limits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE loyalty_programme ADD COLUMN referrals_per_year INTEGER NOT NULL DEFAULT 50;

-- How many notices of a lot's end are given, or past.
ALTER TABLE points_lot ADD COLUMN notices INTEGER NOT NULL DEFAULT 0;

-- Points that a quote sets aside or has spent: an order of its own id.
ALTER TABLE quote ADD COLUMN points BIGINT;

-- What somebody wants to give or take by hand: points of a wallet, or a tier until a day. It waits for another person.
CREATE TABLE loyalty_adjustment (
    agency_id    BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    wallet       TEXT,
    points       BIGINT,
    expires_on   INTEGER,
    tier         TEXT,
    until_on     INTEGER,
    reason       TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    asked_by     BLOB    NOT NULL,
    asked_at     BIGINT  NOT NULL,
    decided_by   BLOB,
    decided_at   BIGINT,
    note         TEXT,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id)
);
CREATE INDEX loyalty_adjustment_state ON loyalty_adjustment (agency_id, state, id);
CREATE INDEX loyalty_adjustment_of_member ON loyalty_adjustment (agency_id, customer_id, id);

-- What points are spent on. `points`: the price; `tier_points`: other prices of tiers, as JSON by key, `null` for a tier that does not get it.
-- `taken`: pieces ordered and not called off. `worth`: minor units off a quote, of `money_off`.
CREATE TABLE loyalty_reward (
    agency_id    BLOB    NOT NULL,
    key          TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    title_zh     TEXT    NOT NULL,
    title_en     TEXT    NOT NULL,
    points       BIGINT  NOT NULL,
    tier_points  TEXT    NOT NULL,
    stock        BIGINT,
    taken        BIGINT  NOT NULL,
    per_member   BIGINT,
    from_on      INTEGER,
    until_on     INTEGER,
    worth        BIGINT,
    campaign_id  BLOB,
    batch_id     BLOB,
    is_offered   BOOLEAN NOT NULL,
    created_at   BIGINT  NOT NULL,
    version      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- An order: requested, fulfilled or cancelled. `parts`: the points of each lot that are set aside or were spent, as JSON.
CREATE TABLE loyalty_redemption (
    agency_id     BLOB    NOT NULL,
    id            BLOB    NOT NULL,
    customer_id   BLOB    NOT NULL,
    reward        TEXT    NOT NULL,
    points        BIGINT  NOT NULL,
    parts         TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    coupon        BLOB,
    task_id       BLOB,
    requested_by  BLOB    NOT NULL,
    requested_at  BIGINT  NOT NULL,
    decided_by    BLOB,
    decided_at    BIGINT,
    note          TEXT,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id),
    FOREIGN KEY (agency_id, reward) REFERENCES loyalty_reward (agency_id, key)
);
CREATE INDEX loyalty_redemption_state ON loyalty_redemption (agency_id, state, id);
CREATE INDEX loyalty_redemption_of_member ON loyalty_redemption (agency_id, customer_id, id);

-- Who brought whom. A customer is brought once; what was rejected says why.
CREATE TABLE loyalty_referral (
    agency_id      BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    referrer_id    BLOB    NOT NULL,
    customer_id    BLOB    NOT NULL,
    code           TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    why            TEXT,
    booking_id     TEXT,
    registered_at  BIGINT  NOT NULL,
    completed_on   INTEGER,
    rewarded_at    BIGINT,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, referrer_id) REFERENCES member (agency_id, customer_id)
);
CREATE UNIQUE INDEX loyalty_referral_of_customer ON loyalty_referral (agency_id, customer_id) WHERE state <> 'rejected';
CREATE INDEX loyalty_referral_by_referrer ON loyalty_referral (agency_id, referrer_id, id);
CREATE INDEX loyalty_referral_state ON loyalty_referral (agency_id, state, id);

CREATE INDEX loyalty_occasion_state ON loyalty_occasion (agency_id, state, id) WHERE state IN ('waiting', 'review');

-- What all members' statements of a day say together, kept with every line: from it the books of any period are read.
CREATE TABLE loyalty_book (
    agency_id  BLOB    NOT NULL,
    on_day     INTEGER NOT NULL,
    wallet     TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    pending    BIGINT  NOT NULL,
    available  BIGINT  NOT NULL,
    held       BIGINT  NOT NULL,
    owed       BIGINT  NOT NULL,
    lines      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, on_day, wallet, kind)
);
INSERT INTO loyalty_book (agency_id, on_day, wallet, kind, pending, available, held, owed, lines)
SELECT agency_id, on_day, wallet, kind, SUM(pending), SUM(available), SUM(held), SUM(owed), COUNT(*) FROM points_entry
GROUP BY agency_id, on_day, wallet, kind;

-- Everybody who has points is looked at once, so that the notices of their end are given.
UPDATE member SET due_on = 0 WHERE available > 0;
