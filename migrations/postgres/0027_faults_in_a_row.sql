-- How often in a row the rule in force has failed through its own fault, on whichever host it was asked, and the last change of facts among
-- those that it failed over: the same customers fail again wherever they are asked about, and count once.
ALTER TABLE binding ADD COLUMN faults BIGINT NOT NULL DEFAULT 0;
ALTER TABLE binding ADD COLUMN failed_change BIGINT NOT NULL DEFAULT 0;
