-- Append-only: every fit of the models of customer lifetime value. `unfit` says why there are no parameters. Times are
-- weeks, money minor units.
CREATE TABLE clv_fit (
    agency_id            UUID    NOT NULL REFERENCES agency (id),
    fit                  BIGINT  NOT NULL,
    day                  INTEGER NOT NULL,
    at                   BIGINT  NOT NULL,
    customers            BIGINT  NOT NULL,
    repeaters            BIGINT  NOT NULL,
    unfit                TEXT COLLATE "C",
    r                    DOUBLE PRECISION,
    alpha                DOUBLE PRECISION,
    a                    DOUBLE PRECISION,
    b                    DOUBLE PRECISION,
    rate_log_likelihood  DOUBLE PRECISION,
    p                    DOUBLE PRECISION,
    q                    DOUBLE PRECISION,
    gamma                DOUBLE PRECISION,
    value_log_likelihood DOUBLE PRECISION,
    PRIMARY KEY (agency_id, fit)
);

ALTER TABLE clv_fit ENABLE ROW LEVEL SECURITY;
ALTER TABLE clv_fit FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON clv_fit TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON clv_fit TO posthouse_agency;

-- Rows of facts that were folded before booking days and repeat spend were counted are folded again at the next look. Row-level
-- security, forced on their owner too, is lifted for this one statement.
ALTER TABLE fact NO FORCE ROW LEVEL SECURITY;
UPDATE fact SET edge_on = 0;
ALTER TABLE fact FORCE ROW LEVEL SECURITY;
