-- Decisions -----------------------------------------------------------------------------------------------------------

-- A decision is on a subject: a quote so far, named by its kind, so that other capabilities keep theirs in the same place.
ALTER TABLE decision RENAME COLUMN quote_id TO subject_id;
ALTER TABLE decision ADD COLUMN subject_kind TEXT;
UPDATE decision SET subject_kind = 'quote' WHERE subject_id IS NOT NULL;
DROP INDEX decision_of_quote;
CREATE INDEX decision_of_subject ON decision (agency_id, subject_id, id) WHERE subject_id IS NOT NULL;
