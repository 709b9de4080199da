-- How rules fare ----------------------------------------------------------------------------------------------------------

-- When the last was heard of the rule in force, in ms by the machine's clock: what was heard before says nothing any more.
ALTER TABLE binding ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;
