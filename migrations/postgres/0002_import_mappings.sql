-- Imports with a mapping, and imports that only say what would land.
--
-- `mapping`: the mapping file as sent; `mapping_digest`: its SHA-256, empty without one. `reading`: how the file was read, as JSON.
-- `report`: what a dry run found, as JSON.

ALTER TABLE import_job ADD COLUMN mapping TEXT COLLATE "C";
ALTER TABLE import_job ADD COLUMN mapping_digest TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE import_job ADD COLUMN dry_run BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE import_job ADD COLUMN reading TEXT COLLATE "C";
ALTER TABLE import_job ADD COLUMN report TEXT COLLATE "C";

DROP INDEX import_job_active;
CREATE UNIQUE INDEX import_job_active ON import_job (agency_id, kind, digest, mapping_digest, dry_run)
    WHERE state IN ('queued', 'running');
