-- Second factors -----------------------------------------------------------------------------------------------------------

-- Whether everybody of the agency has to have a second factor.
ALTER TABLE agency ADD COLUMN second_factor_needed BOOLEAN NOT NULL DEFAULT FALSE;

-- What a person's codes are made of, sealed. Not in force until a code has confirmed it. A code is of one step of 30 s; none of `last_step` or before is taken.
CREATE TABLE second_factor (
    agency_id     UUID    NOT NULL,
    staff_id      UUID    NOT NULL,
    sealed        BYTEA   NOT NULL,
    last_step     BIGINT  NOT NULL,
    confirmed_at  BIGINT,
    created_at    BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, staff_id),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);

-- Codes for who has lost theirs, as keyed hashes; one that was used is gone.
CREATE TABLE recovery_code (
    agency_id  UUID  NOT NULL,
    staff_id   UUID  NOT NULL,
    hash       BYTEA NOT NULL,
    PRIMARY KEY (agency_id, staff_id, hash),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);

-- People whose password, link or provider was right and whose code is still missing. Opens nothing but the question for it.
CREATE TABLE half_session (
    agency_id  UUID    NOT NULL,
    hash       BYTEA   NOT NULL,
    staff_id   UUID    NOT NULL,
    way        TEXT COLLATE "C"    NOT NULL CHECK (way IN ('password', 'link', 'provider')),
    ends_at    BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, hash),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);
CREATE INDEX half_session_by_staff ON half_session (agency_id, staff_id);

-- By which way a session began.
ALTER TABLE staff_session ADD COLUMN way TEXT COLLATE "C" NOT NULL DEFAULT 'password' CHECK (way IN ('password', 'link', 'provider'));

-- Who somebody is for a provider of sign-ins: its subject stays the same when their address there becomes another.
CREATE TABLE staff_identity (
    agency_id   UUID    NOT NULL,
    staff_id    UUID    NOT NULL,
    issuer      TEXT COLLATE "C"    NOT NULL,
    subject     TEXT COLLATE "C"    NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, staff_id, issuer),
    UNIQUE (agency_id, issuer, subject),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);
-- whoever comes from a provider is looked for in all agencies
CREATE INDEX staff_identity_by_subject ON staff_identity (issuer, subject);

ALTER TABLE second_factor ENABLE ROW LEVEL SECURITY;
ALTER TABLE second_factor FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON second_factor TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factor TO posthouse_agency;

ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON recovery_code TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, DELETE ON recovery_code TO posthouse_agency;

ALTER TABLE half_session ENABLE ROW LEVEL SECURITY;
ALTER TABLE half_session FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON half_session TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, DELETE ON half_session TO posthouse_agency;

ALTER TABLE staff_identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_identity FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON staff_identity TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, DELETE ON staff_identity TO posthouse_agency;

CREATE POLICY all_rows ON staff_identity FOR SELECT TO posthouse_jobs USING (true);
GRANT SELECT (agency_id, issuer, subject) ON staff_identity TO posthouse_jobs;
