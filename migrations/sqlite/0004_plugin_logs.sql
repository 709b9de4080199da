-- The last lines that the rules of a binding wrote, and how they failed. Older ones are deleted as new ones come. `line` counts
-- from 1 within the binding; `cause` is that of the run, or `change` for a customer whose facts changed; `level` is the guest's, or
-- `fault` for the host's word on how a call ended.
CREATE TABLE plugin_log (
    agency_id       BLOB    NOT NULL,
    extension_point TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    line            BIGINT  NOT NULL,
    at              BIGINT  NOT NULL,
    cause           TEXT    NOT NULL,
    digest          TEXT    NOT NULL,
    level           TEXT    NOT NULL,
    message         TEXT    NOT NULL,
    PRIMARY KEY (agency_id, extension_point, name, line),
    FOREIGN KEY (agency_id, extension_point, name) REFERENCES binding (agency_id, extension_point, name)
);
