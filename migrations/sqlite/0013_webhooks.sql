-- Webhooks ---------------------------------------------------------------------------------------------------------------

-- Jobs of different lanes do not wait for each other. Timers run one after the other, in their order; deliveries beside each other.
ALTER TABLE job ADD COLUMN lane TEXT NOT NULL DEFAULT 'timers' CHECK (lane IN ('timers', 'deliveries', 'retries'));
DROP INDEX job_by_due;
CREATE INDEX job_by_due ON job (lane, clock, due) WHERE dead_at IS NULL;

-- Where an agency wants to be told what happens. `types` is a JSON list. Secrets are sealed with the installation's secret; the earlier
-- one is valid beside the present one until `earlier_until`. `failures` counts turns in a row in which nothing was taken;
-- with `retry_at`, both machine time, nothing is sent before.
CREATE TABLE webhook (
    agency_id      BLOB    NOT NULL REFERENCES agency (id),
    id             BLOB    NOT NULL,
    url            TEXT    NOT NULL,
    note           TEXT    NOT NULL,
    types          TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('active', 'paused', 'gone')),
    secret         BLOB    NOT NULL,
    earlier        BLOB,
    earlier_until  BIGINT,
    failures       BIGINT  NOT NULL,
    retry_at       BIGINT  NOT NULL,
    created_at     BIGINT  NOT NULL,
    created_by     BLOB    NOT NULL,
    version        BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);

-- What happened, written with the change that made it happen, if anybody wants to be told.
CREATE TABLE outbox (
    agency_id   BLOB    NOT NULL REFERENCES agency (id),
    id          BLOB    NOT NULL,
    type        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    data        TEXT    NOT NULL,
    written_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id)
);
CREATE INDEX outbox_by_age ON outbox (agency_id, written_at);

-- Whom it is told to, in the order of the commits. Of one subject the earlier is told before the later.
CREATE TABLE webhook_delivery (
    agency_id   BLOB    NOT NULL,
    webhook_id  BLOB    NOT NULL,
    seq         BIGINT  NOT NULL,
    event_id    BLOB    NOT NULL,
    subject     TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts    BIGINT  NOT NULL,
    next_at     BIGINT  NOT NULL,
    written_at  BIGINT  NOT NULL,
    ended_at    BIGINT,
    status      BIGINT,
    answer      TEXT,
    PRIMARY KEY (agency_id, webhook_id, seq),
    UNIQUE (agency_id, webhook_id, event_id),
    FOREIGN KEY (agency_id, webhook_id) REFERENCES webhook (agency_id, id) ON DELETE CASCADE,
    FOREIGN KEY (agency_id, event_id) REFERENCES outbox (agency_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (agency_id, webhook_id, subject, seq) WHERE state = 'pending';
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (agency_id, webhook_id, written_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_by_state ON webhook_delivery (agency_id, webhook_id, state, seq);
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (agency_id, event_id);
