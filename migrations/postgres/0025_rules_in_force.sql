-- What a host opens at its start -------------------------------------------------------------------------------------------

-- Which plugins decide somewhere: a host opens them all before it says that it is ready.
GRANT SELECT (agency_id, extension_point, name, revision) ON binding TO posthouse_jobs;
CREATE POLICY all_rows ON binding_revision FOR SELECT TO posthouse_jobs USING (true);
GRANT SELECT (agency_id, extension_point, name, revision, digest) ON binding_revision TO posthouse_jobs;
CREATE POLICY all_rows ON campaign FOR SELECT TO posthouse_jobs USING (true);
GRANT SELECT (agency_id, key, state) ON campaign TO posthouse_jobs;
