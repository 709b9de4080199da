-- What a host writes and takes away again to know whether there is room to write. Nothing stays in the table.
CREATE TABLE room_to_write (
    id UUID PRIMARY KEY,
    filler BYTEA NOT NULL
);
ALTER TABLE room_to_write ENABLE ROW LEVEL SECURITY;
ALTER TABLE room_to_write FORCE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON room_to_write TO posthouse_jobs USING (true);
GRANT SELECT, INSERT, DELETE ON room_to_write TO posthouse_jobs;
