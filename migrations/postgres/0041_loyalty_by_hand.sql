-- Loyalty by hand: adjustments, rewards and their orders, referrals, the books --------------------------------------------------

-- How many points a member passes on in a day, 0 for none; how many somebody of a role adjusts at once, as JSON by the role's key; and how many
-- customers a member brings in 365 days.
ALTER TABLE loyalty_programme ADD COLUMN transfer_per_day BIGINT NOT NULL DEFAULT 10000;
ALTER TABLE loyalty_programme ADD COLUMN adjust_limits TEXT COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE loyalty_programme ADD COLUMN referrals_per_year INTEGER NOT NULL DEFAULT 50;

-- How many notices of a lot's end are given, or past.
ALTER TABLE points_lot ADD COLUMN notices INTEGER NOT NULL DEFAULT 0;

-- Points that a quote sets aside or has spent: an order of its own id.
ALTER TABLE quote ADD COLUMN points BIGINT;

-- What somebody wants to give or take by hand: points of a wallet, or a tier until a day. It waits for another person.
CREATE TABLE loyalty_adjustment (
    agency_id    UUID    NOT NULL,
    id           UUID    NOT NULL,
    customer_id  UUID    NOT NULL,
    wallet       TEXT COLLATE "C",
    points       BIGINT,
    expires_on   INTEGER,
    tier         TEXT COLLATE "C",
    until_on     INTEGER,
    reason       TEXT COLLATE "C"    NOT NULL,
    state        TEXT COLLATE "C"    NOT NULL,
    asked_by     UUID    NOT NULL,
    asked_at     BIGINT  NOT NULL,
    decided_by   UUID,
    decided_at   BIGINT,
    note         TEXT COLLATE "C",
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id)
);
CREATE INDEX loyalty_adjustment_state ON loyalty_adjustment (agency_id, state, id);
CREATE INDEX loyalty_adjustment_of_member ON loyalty_adjustment (agency_id, customer_id, id);

-- What points are spent on. `points`: the price; `tier_points`: other prices of tiers, as JSON by key, `null` for a tier that does not get it.
-- `taken`: pieces ordered and not called off. `worth`: minor units off a quote, of `money_off`.
CREATE TABLE loyalty_reward (
    agency_id    UUID    NOT NULL,
    key          TEXT COLLATE "C"    NOT NULL,
    kind         TEXT COLLATE "C"    NOT NULL,
    title_zh     TEXT COLLATE "C"    NOT NULL,
    title_en     TEXT COLLATE "C"    NOT NULL,
    points       BIGINT  NOT NULL,
    tier_points  TEXT COLLATE "C"    NOT NULL,
    stock        BIGINT,
    taken        BIGINT  NOT NULL,
    per_member   BIGINT,
    from_on      INTEGER,
    until_on     INTEGER,
    worth        BIGINT,
    campaign_id  UUID,
    batch_id     UUID,
    is_offered   BOOLEAN NOT NULL,
    created_at   BIGINT  NOT NULL,
    version      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- An order: requested, fulfilled or cancelled. `parts`: the points of each lot that are set aside or were spent, as JSON.
CREATE TABLE loyalty_redemption (
    agency_id     UUID    NOT NULL,
    id            UUID    NOT NULL,
    customer_id   UUID    NOT NULL,
    reward        TEXT COLLATE "C"    NOT NULL,
    points        BIGINT  NOT NULL,
    parts         TEXT COLLATE "C"    NOT NULL,
    state         TEXT COLLATE "C"    NOT NULL,
    coupon        BYTEA,
    task_id       UUID,
    requested_by  UUID    NOT NULL,
    requested_at  BIGINT  NOT NULL,
    decided_by    UUID,
    decided_at    BIGINT,
    note          TEXT COLLATE "C",
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES member (agency_id, customer_id),
    FOREIGN KEY (agency_id, reward) REFERENCES loyalty_reward (agency_id, key)
);
CREATE INDEX loyalty_redemption_state ON loyalty_redemption (agency_id, state, id);
CREATE INDEX loyalty_redemption_of_member ON loyalty_redemption (agency_id, customer_id, id);

-- Who brought whom. A customer is brought once; what was rejected says why.
CREATE TABLE loyalty_referral (
    agency_id      UUID    NOT NULL,
    id             UUID    NOT NULL,
    referrer_id    UUID    NOT NULL,
    customer_id    UUID    NOT NULL,
    code           TEXT COLLATE "C"    NOT NULL,
    state          TEXT COLLATE "C"    NOT NULL,
    why            TEXT COLLATE "C",
    booking_id     TEXT COLLATE "C",
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
    agency_id  UUID    NOT NULL,
    on_day     INTEGER NOT NULL,
    wallet     TEXT COLLATE "C"    NOT NULL,
    kind       TEXT COLLATE "C"    NOT NULL,
    pending    BIGINT  NOT NULL,
    available  BIGINT  NOT NULL,
    held       BIGINT  NOT NULL,
    owed       BIGINT  NOT NULL,
    lines      BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, on_day, wallet, kind)
);
-- Whoever owns the tables is held to them as well, and has no agency here.
ALTER TABLE points_entry NO FORCE ROW LEVEL SECURITY;
ALTER TABLE member NO FORCE ROW LEVEL SECURITY;
INSERT INTO loyalty_book (agency_id, on_day, wallet, kind, pending, available, held, owed, lines)
SELECT agency_id, on_day, wallet, kind, SUM(pending), SUM(available), SUM(held), SUM(owed), COUNT(*) FROM points_entry
GROUP BY agency_id, on_day, wallet, kind;

-- Everybody who has points is looked at once, so that the notices of their end are given.
UPDATE member SET due_on = 0 WHERE available > 0;
ALTER TABLE points_entry FORCE ROW LEVEL SECURITY;
ALTER TABLE member FORCE ROW LEVEL SECURITY;

ALTER TABLE loyalty_adjustment ENABLE ROW LEVEL SECURITY;
ALTER TABLE loyalty_adjustment FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON loyalty_adjustment TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON loyalty_adjustment TO posthouse_agency;

ALTER TABLE loyalty_reward ENABLE ROW LEVEL SECURITY;
ALTER TABLE loyalty_reward FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON loyalty_reward TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON loyalty_reward TO posthouse_agency;

ALTER TABLE loyalty_redemption ENABLE ROW LEVEL SECURITY;
ALTER TABLE loyalty_redemption FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON loyalty_redemption TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON loyalty_redemption TO posthouse_agency;

ALTER TABLE loyalty_referral ENABLE ROW LEVEL SECURITY;
ALTER TABLE loyalty_referral FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON loyalty_referral TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON loyalty_referral TO posthouse_agency;

ALTER TABLE loyalty_book ENABLE ROW LEVEL SECURITY;
ALTER TABLE loyalty_book FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON loyalty_book TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE ON loyalty_book TO posthouse_agency;
