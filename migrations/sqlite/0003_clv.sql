-- Append-only: every fit of the models of customer lifetime value. `unfit` says why there are no parameters. Times are
-- weeks, money minor units.
CREATE TABLE clv_fit (
    agency_id            BLOB    NOT NULL REFERENCES agency (id),
    fit                  BIGINT  NOT NULL,
    day                  INTEGER NOT NULL,
    at                   BIGINT  NOT NULL,
    customers            BIGINT  NOT NULL,
    repeaters            BIGINT  NOT NULL,
    unfit                TEXT,
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

-- Rows of facts that were folded before booking days and repeat spend were counted are folded again at the next look.
UPDATE fact SET edge_on = 0;
