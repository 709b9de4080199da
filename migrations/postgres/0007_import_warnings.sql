-- `warned`: rows that landed, or were known, with a cell left out. `passed_over`: rows that only add up the others.
ALTER TABLE import_job ADD COLUMN warned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE import_job ADD COLUMN passed_over BIGINT NOT NULL DEFAULT 0;

-- A cell that was left out of a row that landed without it. `place` counts those of a row.
CREATE TABLE import_warning (
    agency_id    UUID    NOT NULL,
    job_id       UUID    NOT NULL,
    row_no       BIGINT  NOT NULL,
    place        INTEGER NOT NULL,
    header       TEXT COLLATE "C" NOT NULL,
    cell         TEXT COLLATE "C" NOT NULL,
    code         TEXT COLLATE "C" NOT NULL,
    detail       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (agency_id, job_id, row_no, place),
    FOREIGN KEY (agency_id, job_id) REFERENCES import_job (agency_id, id)
);

-- Whom and which bookings the slice of a running import touched, as bitmaps, so that whoever resumes it counts nobody twice. Deleted
-- when the job ends.
CREATE TABLE import_touched (
    agency_id    UUID    NOT NULL,
    job_id       UUID    NOT NULL,
    rows_done    BIGINT  NOT NULL,
    customers    BYTEA   NOT NULL,
    bookings     BYTEA   NOT NULL,
    PRIMARY KEY (agency_id, job_id, rows_done),
    FOREIGN KEY (agency_id, job_id) REFERENCES import_job (agency_id, id)
);

ALTER TABLE import_warning ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_warning FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON import_warning TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON import_warning TO posthouse_agency;

ALTER TABLE import_touched ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_touched FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON import_touched TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON import_touched TO posthouse_agency;
