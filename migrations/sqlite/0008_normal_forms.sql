-- Identities ----------------------------------------------------------------------------------------------------------

-- `value` is the normal form by which an identity is looked up, `written` what was written, for showing; documents show nothing.
-- `loose`: a member number that came in when its dashes were dropped; where they stood is not known.
ALTER TABLE identity ADD COLUMN written TEXT;
ALTER TABLE identity ADD COLUMN loose BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE identity SET loose = TRUE WHERE kind = 'member_no';

-- Rows of an earlier build that have one normal form and belong to different customers or bookings. They stay apart, each reached by the
-- spelling it `was` known under, and now stands under `value`. `kind`: an identity's, `booking` or `record`.
CREATE TABLE normal_form_clash (
    agency_id    BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    form         TEXT    NOT NULL,
    was          TEXT    NOT NULL,
    value        TEXT    NOT NULL,
    customer_id  BLOB    NOT NULL,
    noted_at     BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, kind, form, was),
    FOREIGN KEY (agency_id, customer_id) REFERENCES customer (agency_id, id)
);

-- Upkeep --------------------------------------------------------------------------------------------------------------

-- What has to be done once to the rows of an agency and SQL cannot do alike on both engines. `place`: how far it has come.
CREATE TABLE upkeep (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    step         TEXT    NOT NULL,
    place        TEXT    NOT NULL,
    done         BOOLEAN NOT NULL,
    PRIMARY KEY (agency_id, step)
);
