-- What a day begins with: files that left something to be mended, and records that belong to nobody.
CREATE INDEX import_job_to_mend ON import_job (agency_id, finished_at) WHERE rejected > 0 OR state = 'failed';
CREATE INDEX unassigned_record_by_age ON unassigned_record (agency_id, received_at);
