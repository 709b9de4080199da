-- Files that are looked at before they land ------------------------------------------------------------------------------

-- `kept_until`: until when the file of a dry run stays, to be looked at with another mapping, or to land. `round`: counts up when it is read anew, so
-- that whoever still reads it the old way moves nothing on. `glimpse`: its first rows and how it was read, as JSON. `actor_id`: who sent it. `mends`:
-- the import whose rejected rows it has. `sent_again`: how many of its own were sent again.
ALTER TABLE import_job ADD COLUMN kept_until BIGINT;
ALTER TABLE import_job ADD COLUMN round BIGINT NOT NULL DEFAULT 0;
ALTER TABLE import_job ADD COLUMN glimpse TEXT COLLATE "C";
ALTER TABLE import_job ADD COLUMN actor_id UUID;
ALTER TABLE import_job ADD COLUMN mends UUID;
ALTER TABLE import_job ADD COLUMN sent_again BIGINT NOT NULL DEFAULT 0;

-- Two people may look at the same file, each in their own way; it lands once.
DROP INDEX import_job_active;
CREATE UNIQUE INDEX import_job_active ON import_job (agency_id, kind, digest, mapping_digest, dry_run)
    WHERE state IN ('queued', 'running') AND kept_until IS NULL;
CREATE INDEX import_job_kept ON import_job (agency_id, id) WHERE kept_until IS NOT NULL;

-- In which import a rejected row was sent again.
ALTER TABLE import_error ADD COLUMN sent_in UUID;
CREATE INDEX import_error_to_mend ON import_error (agency_id, job_id, row_no) WHERE sent_in IS NULL;

-- Mappings under a name, for the next file of the same kind. `headers`: what tells the header row that they were made for from others; empty if
-- they are for any.
CREATE TABLE import_mapping (
    agency_id  UUID NOT NULL REFERENCES agency (id),
    kind       TEXT COLLATE "C" NOT NULL CHECK (kind IN ('customers', 'bookings')),
    name       TEXT COLLATE "C" NOT NULL,
    mapping    TEXT COLLATE "C" NOT NULL,
    headers    TEXT COLLATE "C" NOT NULL,
    saved_at   BIGINT NOT NULL,
    saved_by   UUID NOT NULL,
    PRIMARY KEY (agency_id, kind, name)
);

ALTER TABLE import_mapping ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_mapping FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON import_mapping TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON import_mapping TO posthouse_agency;
