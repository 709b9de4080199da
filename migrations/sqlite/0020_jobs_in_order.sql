-- Jobs in their whole order -----------------------------------------------------------------------------------------------

-- Of those that are due at the same instant, as every agency's night is, the next few are found without putting all of them in order.
DROP INDEX job_by_due;
CREATE INDEX job_by_due ON job (lane, clock, due, agency_id, kind, key) WHERE dead_at IS NULL;

-- What was given up, of one agency, the latest first.
CREATE INDEX job_dead ON job (agency_id, dead_at) WHERE dead_at IS NOT NULL;
