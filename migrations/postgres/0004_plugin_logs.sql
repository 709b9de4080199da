-- The last lines that the rules of a binding wrote, and how they failed. Older ones are deleted as new ones come. `line` counts
-- from 1 within the binding; `cause` is that of the run, or `change` for a customer whose facts changed; `level` is the guest's, or
-- `fault` for the host's word on how a call ended.
CREATE TABLE plugin_log (
    agency_id       UUID    NOT NULL,
    extension_point TEXT COLLATE "C" NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    line            BIGINT  NOT NULL,
    at              BIGINT  NOT NULL,
    cause           TEXT COLLATE "C" NOT NULL,
    digest          TEXT COLLATE "C" NOT NULL,
    level           TEXT COLLATE "C" NOT NULL,
    message         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (agency_id, extension_point, name, line),
    FOREIGN KEY (agency_id, extension_point, name) REFERENCES binding (agency_id, extension_point, name)
);

ALTER TABLE plugin_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE plugin_log FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON plugin_log TO posthouse_agency USING (agency_id = current_setting('posthouse.agency')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON plugin_log TO posthouse_agency;
