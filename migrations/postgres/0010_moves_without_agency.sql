-- Moves of segments ---------------------------------------------------------------------------------------------------

-- A move is written with its binding locked, and bindings name their agency: to look it up for each of a hundred thousand moves costs as
-- much as to write them.
ALTER TABLE segment_transition DROP CONSTRAINT segment_transition_agency_id_fkey;
