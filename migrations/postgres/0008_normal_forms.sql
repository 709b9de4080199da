-- Identities ----------------------------------------------------------------------------------------------------------

-- `value` is the normal form by which an identity is looked up, `written` what was written, for showing; documents show nothing.
-- `loose`: a member number that came in when its dashes were dropped; where they stood is not known.
ALTER TABLE identity ADD COLUMN written TEXT COLLATE "C";
ALTER TABLE identity ADD COLUMN loose BOOLEAN NOT NULL DEFAULT FALSE;
-- row-level security is forced, also on whoever owns the tables
ALTER TABLE identity NO FORCE ROW LEVEL SECURITY;
UPDATE identity SET loose = TRUE WHERE kind = 'member_no';
ALTER TABLE identity FORCE ROW LEVEL SECURITY;

-- Rows of an earlier build that have one normal form and belong to different customers or bookings. They stay apart, each reached by the
-- spelling it `was` known under, and now stands under `value`. `kind`: an identity's, `booking` or `record`.
CREATE TABLE normal_form_clash (
    agency_id    UUID    NOT NULL,
    kind         TEXT COLLATE "C"    NOT NULL,
    form         TEXT COLLATE "C"    NOT NULL,
    was          TEXT COLLATE "C"    NOT NULL,
    value        TEXT COLLATE "C"    NOT NULL,
    customer_id  UUID    NOT NULL,
    noted_at     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, kind, form, was),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);

-- Upkeep --------------------------------------------------------------------------------------------------------------

-- What has to be done once to the rows of an agency and SQL cannot do alike on both engines. `place`: how far it has come.
CREATE TABLE upkeep (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    step         TEXT COLLATE "C"    NOT NULL,
    place        TEXT COLLATE "C"    NOT NULL,
    done         BOOLEAN NOT NULL,
    PRIMARY KEY (agency_id, step)
);

-- Walls ---------------------------------------------------------------------------------------------------------------

ALTER TABLE normal_form_clash ENABLE ROW LEVEL SECURITY;
ALTER TABLE normal_form_clash FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON normal_form_clash TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON normal_form_clash TO posthouse_agency;
ALTER TABLE upkeep ENABLE ROW LEVEL SECURITY;
ALTER TABLE upkeep FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON upkeep TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON upkeep TO posthouse_agency;
