-- Second factors -----------------------------------------------------------------------------------------------------------

-- Whether everybody of the agency has to have a second factor.
ALTER TABLE agency ADD COLUMN second_factor_needed BOOLEAN NOT NULL DEFAULT FALSE;

-- What a person's codes are made of, sealed. Not in force until a code has confirmed it. A code is of one step of 30 s; none of `last_step` or before is taken.
CREATE TABLE second_factor (
    agency_id     BLOB    NOT NULL,
    staff_id      BLOB    NOT NULL,
    sealed        BLOB    NOT NULL,
    last_step     BIGINT  NOT NULL,
    confirmed_at  BIGINT,
    created_at    BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, staff_id),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);

-- Codes for who has lost theirs, as keyed hashes; one that was used is gone.
CREATE TABLE recovery_code (
    agency_id  BLOB  NOT NULL,
    staff_id   BLOB  NOT NULL,
    hash       BLOB  NOT NULL,
    PRIMARY KEY (agency_id, staff_id, hash),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);

-- People whose password, link or provider was right and whose code is still missing. Opens nothing but the question for it.
CREATE TABLE half_session (
    agency_id  BLOB    NOT NULL,
    hash       BLOB    NOT NULL,
    staff_id   BLOB    NOT NULL,
    way        TEXT    NOT NULL CHECK (way IN ('password', 'link', 'provider')),
    ends_at    BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, hash),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);
CREATE INDEX half_session_by_staff ON half_session (agency_id, staff_id);

-- By which way a session began.
ALTER TABLE staff_session ADD COLUMN way TEXT NOT NULL DEFAULT 'password' CHECK (way IN ('password', 'link', 'provider'));

-- Who somebody is for a provider of sign-ins: its subject stays the same when their address there becomes another.
CREATE TABLE staff_identity (
    agency_id   BLOB    NOT NULL,
    staff_id    BLOB    NOT NULL,
    issuer      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, staff_id, issuer),
    UNIQUE (agency_id, issuer, subject),
    FOREIGN KEY (agency_id, staff_id) REFERENCES staff (agency_id, id)
);
-- whoever comes from a provider is looked for in all agencies
CREATE INDEX staff_identity_by_subject ON staff_identity (issuer, subject);
