-- Campaigns -----------------------------------------------------------------------------------------------------------

-- How campaigns of one group go together: exclusive, stackable, best-of or ordered.
CREATE TABLE stacking_group (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    key          TEXT    NOT NULL,
    mode         TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
);

-- One row per agency, moved on by whatever changes what quotes depend on: campaigns, groups, rules. What a host has read of these is
-- good as long as the number stands.
CREATE TABLE promotion_version (
    agency_id    BLOB    NOT NULL PRIMARY KEY REFERENCES agency (id),
    version      BIGINT  NOT NULL
);

-- `plan` is canonical JSON, `plan_hash` its SHA-256: what an approval agrees to. `priority` is the plan's.
CREATE TABLE campaign (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    id           BLOB    NOT NULL,
    key          TEXT    NOT NULL,
    type         TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    owner        TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    plan         TEXT    NOT NULL,
    plan_hash    TEXT    NOT NULL,
    priority     INTEGER NOT NULL,
    submitted_by UUID,
    version      BIGINT  NOT NULL,
    created_by   BLOB    NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, key)
);
-- Of two campaigns in force one stands first.
CREATE UNIQUE INDEX campaign_priority ON campaign (agency_id, priority) WHERE state IN ('running', 'paused');
CREATE INDEX campaign_by_type ON campaign (agency_id, type, id);

-- Append-only: every transition, approvals among them, with the plan they agreed to.
CREATE TABLE campaign_step (
    agency_id    BLOB    NOT NULL,
    campaign_id  BLOB    NOT NULL,
    step         BIGINT  NOT NULL,
    action       TEXT    NOT NULL,
    origin       TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    plan_hash    TEXT    NOT NULL,
    note         TEXT,
    taken_by     UUID,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, campaign_id, step),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id)
);

-- What has to be ready before a campaign starts. `kind`: training, materials or other.
CREATE TABLE campaign_task (
    agency_id    BLOB    NOT NULL,
    campaign_id  BLOB    NOT NULL,
    task         BIGINT  NOT NULL,
    kind         TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    assignee     TEXT,
    due_on       INTEGER,
    done_by      UUID,
    done_at      BIGINT,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, campaign_id, task),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id)
);

-- Another rule for a campaign in force: the old one serves until another person approves it with its preview. `state`: proposed,
-- approved or rejected. `plan` is the plan with the new rule.
CREATE TABLE campaign_amendment (
    agency_id     BLOB    NOT NULL,
    campaign_id   BLOB    NOT NULL,
    amendment     BIGINT  NOT NULL,
    state         TEXT    NOT NULL,
    plan          TEXT    NOT NULL,
    plan_hash     TEXT    NOT NULL,
    granted       TEXT    NOT NULL,
    preview       TEXT    NOT NULL,
    note          TEXT,
    proposed_by   BLOB    NOT NULL,
    proposed_at   BIGINT  NOT NULL,
    decided_by    UUID,
    decided_at    BIGINT,
    PRIMARY KEY (agency_id, campaign_id, amendment),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id)
);
CREATE UNIQUE INDEX campaign_amendment_open ON campaign_amendment (agency_id, campaign_id) WHERE state = 'proposed';

-- Append-only: how it went, as measured when it was evaluated, and what was learned.
CREATE TABLE campaign_evaluation (
    agency_id    BLOB    NOT NULL,
    campaign_id  BLOB    NOT NULL,
    effect       TEXT    NOT NULL,
    judgement    TEXT    NOT NULL,
    lessons      TEXT    NOT NULL,
    evaluated_by BLOB    NOT NULL,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, campaign_id),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id)
);

-- Append-only: who was the first time inside the audience of a campaign in force, and whether it was open to them (treatment) or kept
-- from them so that its effect can be seen (holdout).
CREATE TABLE campaign_assignment (
    agency_id    BLOB    NOT NULL,
    campaign_id  BLOB    NOT NULL,
    customer_id  BLOB    NOT NULL,
    arm          TEXT    NOT NULL,
    day          INTEGER NOT NULL,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, campaign_id, customer_id),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX campaign_assignment_of_customer ON campaign_assignment (agency_id, customer_id, campaign_id);

-- Quotes --------------------------------------------------------------------------------------------------------------

-- `state`: open (what it takes is held), confirmed, released or expired. `basket` and `answer` are canonical JSON. `due`: something became
-- of its booking that budgets and coupons have to follow.
CREATE TABLE quote (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    id           BLOB    NOT NULL,
    customer_id  UUID,
    state        TEXT    NOT NULL,
    basket       TEXT    NOT NULL,
    list_price   BIGINT  NOT NULL,
    price        BIGINT  NOT NULL,
    answer       TEXT    NOT NULL,
    day          INTEGER NOT NULL,
    at           BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    booking_id   TEXT,
    closed_at    BIGINT,
    due          BOOLEAN NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX quote_open ON quote (agency_id, expires_at) WHERE state = 'open';
CREATE INDEX quote_due ON quote (agency_id, id) WHERE due;
CREATE INDEX quote_of_booking ON quote (agency_id, booking_id) WHERE booking_id IS NOT NULL;
CREATE INDEX quote_of_customer ON quote (agency_id, customer_id, id) WHERE customer_id IS NOT NULL;

-- What each campaign takes off a quote, and how much of it came back.
CREATE TABLE quote_saving (
    agency_id    BLOB    NOT NULL,
    quote_id     BLOB    NOT NULL,
    campaign_id  BLOB    NOT NULL,
    saving       BIGINT  NOT NULL,
    returned     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, quote_id, campaign_id),
    FOREIGN KEY (agency_id, quote_id) REFERENCES quote (agency_id, id),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id)
);
CREATE INDEX quote_saving_of_campaign ON quote_saving (agency_id, campaign_id, quote_id);

-- How much of each budget is held by open quotes and spent on confirmed ones. `scope`: total, customer or day; `subject`: nothing, the
-- customer's id, the day's number.
CREATE TABLE budget (
    agency_id    BLOB    NOT NULL,
    campaign_id  BLOB    NOT NULL,
    scope        TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    held         BIGINT  NOT NULL CHECK (held >= 0),
    spent        BIGINT  NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (agency_id, campaign_id, scope, subject),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id)
);

-- Append-only: every movement. `kind`: reserve, commit, release (of what was held), return (of what was spent); `held` and `spent` say by
-- how much each sum moved.
CREATE TABLE budget_entry (
    agency_id    BLOB    NOT NULL,
    quote_id     BLOB    NOT NULL,
    campaign_id  BLOB    NOT NULL,
    entry        BIGINT  NOT NULL,
    kind         TEXT    NOT NULL,
    customer_id  UUID,
    day          INTEGER NOT NULL,
    held         BIGINT  NOT NULL,
    spent        BIGINT  NOT NULL,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, quote_id, campaign_id, entry),
    FOREIGN KEY (agency_id, quote_id) REFERENCES quote (agency_id, id),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id)
);
CREATE INDEX budget_entry_of_campaign ON budget_entry (agency_id, campaign_id, at);

-- Coupons -------------------------------------------------------------------------------------------------------------

-- `state`: making (its codes are being written), ready or revoked. `uses`: of each code.
CREATE TABLE coupon_batch (
    agency_id    BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    campaign_id  BLOB    NOT NULL,
    label        TEXT    NOT NULL,
    personal     BOOLEAN NOT NULL,
    count        BIGINT  NOT NULL,
    uses         INTEGER NOT NULL,
    expires_at   BIGINT,
    state        TEXT    NOT NULL,
    created_by   BLOB    NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, campaign_id) REFERENCES campaign (agency_id, id)
);
CREATE INDEX coupon_batch_of_campaign ON coupon_batch (agency_id, campaign_id, id);

-- `hash`: SHA-256 of the code, which is nowhere kept. With a customer it is theirs alone.
CREATE TABLE coupon (
    agency_id    BLOB    NOT NULL,
    hash         BLOB    NOT NULL,
    batch_id     BLOB    NOT NULL,
    customer_id  UUID,
    held         INTEGER NOT NULL CHECK (held >= 0),
    used         INTEGER NOT NULL CHECK (used >= 0),
    revoked_at   BIGINT,
    PRIMARY KEY (agency_id, hash),
    FOREIGN KEY (agency_id, batch_id) REFERENCES coupon_batch (agency_id, id),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);
CREATE INDEX coupon_of_batch ON coupon (agency_id, batch_id);

-- Append-only: `kind` is hold, redeem, release (of a hold) or return (of a use).
CREATE TABLE redemption (
    agency_id    BLOB    NOT NULL,
    quote_id     BLOB    NOT NULL,
    hash         BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, quote_id, hash, kind),
    FOREIGN KEY (agency_id, quote_id) REFERENCES quote (agency_id, id),
    FOREIGN KEY (agency_id, hash) REFERENCES coupon (agency_id, hash)
);
CREATE INDEX redemption_of_coupon ON redemption (agency_id, hash);

-- Decisions -----------------------------------------------------------------------------------------------------------

-- Append-only: what a rule was asked and what it said. `input` and `output` are canonical JSON; with the settings of the binding's
-- revision they are all it takes to ask again. `outcome`: answered, or the code of the fault. `effect`: what the host made of it.
CREATE TABLE decision (
    agency_id       BLOB    NOT NULL REFERENCES agency (id),
    id              BLOB    NOT NULL,
    extension_point TEXT    NOT NULL,
    binding         TEXT    NOT NULL,
    revision        BIGINT  NOT NULL,
    digest          TEXT    NOT NULL,
    config_digest   TEXT    NOT NULL,
    customer_id     UUID,
    quote_id        UUID,
    at              BIGINT  NOT NULL,
    input           TEXT    NOT NULL,
    output          TEXT    NOT NULL,
    outcome         TEXT    NOT NULL,
    effect          TEXT    NOT NULL,
    usage           TEXT    NOT NULL,
    log             TEXT    NOT NULL,
    PRIMARY KEY (agency_id, id),
    FOREIGN KEY (agency_id, extension_point, binding, revision) REFERENCES binding_revision (agency_id, extension_point, name, revision)
);
-- In the order of time, so that the fifty decisions of a quote are written into one place. An index by binding would be written in fifty.
CREATE INDEX decision_in_order ON decision (agency_id, id, extension_point, binding, outcome);
CREATE INDEX decision_of_quote ON decision (agency_id, quote_id, id);
CREATE INDEX decision_of_customer ON decision (agency_id, customer_id, id) WHERE customer_id IS NOT NULL;
