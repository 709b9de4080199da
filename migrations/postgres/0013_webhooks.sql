-- Webhooks ---------------------------------------------------------------------------------------------------------------

-- Jobs of different lanes do not wait for each other. Timers run one after the other, in their order; deliveries beside each other.
ALTER TABLE job ADD COLUMN lane TEXT COLLATE "C" NOT NULL DEFAULT 'timers' CHECK (lane IN ('timers', 'deliveries', 'retries'));
DROP INDEX job_by_due;
CREATE INDEX job_by_due ON job (lane, clock, due) WHERE dead_at IS NULL;

-- Where an agency wants to be told what happens. `types` is a JSON list. Secrets are sealed with the installation's secret; the earlier
-- one is valid beside the present one until `earlier_until`. `failures` counts turns in a row in which nothing was taken;
-- with `retry_at`, both machine time, nothing is sent before.
CREATE TABLE webhook (
    agency_id      UUID    NOT NULL REFERENCES agency (id),
    id             UUID    NOT NULL,
    url            TEXT COLLATE "C"    NOT NULL,
    note           TEXT COLLATE "C"    NOT NULL,
    types          TEXT COLLATE "C"    NOT NULL,
    state          TEXT COLLATE "C"    NOT NULL CHECK (state IN ('active', 'paused', 'gone')),
    secret         BYTEA    NOT NULL,
    earlier        BYTEA,
    earlier_until  BIGINT,
    failures       BIGINT  NOT NULL,
    retry_at       BIGINT  NOT NULL,
    created_at     BIGINT  NOT NULL,
    created_by     UUID    NOT NULL,
    version        BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);

-- What happened, written with the change that made it happen, if anybody wants to be told.
CREATE TABLE outbox (
    agency_id   UUID    NOT NULL REFERENCES agency (id),
    id          UUID    NOT NULL,
    type        TEXT COLLATE "C"    NOT NULL,
    subject     TEXT COLLATE "C"    NOT NULL,
    at          BIGINT  NOT NULL,
    data        TEXT COLLATE "C"    NOT NULL,
    written_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE INDEX outbox_by_age ON outbox (agency_id, written_at);

-- Whom it is told to, in the order of the commits. Of one subject the earlier is told before the later.
CREATE TABLE webhook_delivery (
    agency_id   UUID    NOT NULL,
    webhook_id  UUID    NOT NULL,
    seq         BIGINT  NOT NULL,
    event_id    UUID    NOT NULL,
    subject     TEXT COLLATE "C"    NOT NULL,
    state       TEXT COLLATE "C"    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts    BIGINT  NOT NULL,
    next_at     BIGINT  NOT NULL,
    written_at  BIGINT  NOT NULL,
    ended_at    BIGINT,
    status      BIGINT,
    answer      TEXT COLLATE "C",
    PRIMARY KEY (agency_id, webhook_id, seq),
    UNIQUE (agency_id, webhook_id, event_id),
    FOREIGN KEY (agency_id, webhook_id) REFERENCES webhook (agency_id, id) ON DELETE CASCADE,
    FOREIGN KEY (agency_id, event_id) REFERENCES outbox (agency_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (agency_id, webhook_id, subject, seq) WHERE state = 'pending';
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (agency_id, webhook_id, written_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_by_state ON webhook_delivery (agency_id, webhook_id, state, seq);
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (agency_id, event_id);

ALTER TABLE webhook ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON webhook TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook TO posthouse_agency;

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON outbox TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO posthouse_agency;

ALTER TABLE webhook_delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON webhook_delivery TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_delivery TO posthouse_agency;
