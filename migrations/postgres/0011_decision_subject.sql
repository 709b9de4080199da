-- Decisions -----------------------------------------------------------------------------------------------------------

-- A decision is on a subject: a quote so far, named by its kind, so that other capabilities keep theirs in the same place.
ALTER TABLE decision RENAME COLUMN quote_id TO subject_id;
ALTER TABLE decision ADD COLUMN subject_kind TEXT COLLATE "C";
-- row-level security is forced, also on whoever owns the tables
ALTER TABLE decision NO FORCE ROW LEVEL SECURITY;
UPDATE decision SET subject_kind = 'quote' WHERE subject_id IS NOT NULL;
ALTER TABLE decision FORCE ROW LEVEL SECURITY;
DROP INDEX decision_of_quote;
CREATE INDEX decision_of_subject ON decision (agency_id, subject_id, id) WHERE subject_id IS NOT NULL;
