-- `warned`: rows that landed, or were known, with a cell left out. `passed_over`: rows that only add up the others.
ALTER TABLE import_job ADD COLUMN warned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE import_job ADD COLUMN passed_over BIGINT NOT NULL DEFAULT 0;

-- A cell that was left out of a row that landed without it. `place` counts those of a row.
CREATE TABLE import_warning (
    agency_id    BLOB    NOT NULL,
    job_id       BLOB    NOT NULL,
    row_no       BIGINT  NOT NULL,
    place        INTEGER NOT NULL,
    header       TEXT    NOT NULL,
    cell         TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    detail       TEXT    NOT NULL,
    PRIMARY KEY (agency_id, job_id, row_no, place),
    FOREIGN KEY (agency_id, job_id) REFERENCES import_job (agency_id, id)
);

-- Whom and which bookings the slice of a running import touched, as bitmaps, so that whoever resumes it counts nobody twice. Deleted
-- when the job ends.
CREATE TABLE import_touched (
    agency_id    BLOB    NOT NULL,
    job_id       BLOB    NOT NULL,
    rows_done    BIGINT  NOT NULL,
    customers    BLOB    NOT NULL,
    bookings     BLOB    NOT NULL,
    PRIMARY KEY (agency_id, job_id, rows_done),
    FOREIGN KEY (agency_id, job_id) REFERENCES import_job (agency_id, id)
);
