-- The imports of an agency that are not over: counted whenever another file comes.
CREATE INDEX import_job_under_way ON import_job (agency_id, id) WHERE state IN ('uploading', 'queued', 'running');
