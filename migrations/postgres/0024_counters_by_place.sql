-- Counters that move together stand together -------------------------------------------------------------------------------

-- `place` is where a counter stands: beside those of all accounts that share the part (`total/`, `day/20410`, `customer/ID`), or, if the part is
-- the account's own, beside the others of the account (its owner's id); then `part` says which, as `lot/ID`. A quote moved three counters of
-- each campaign in two pages of each; now those of all campaigns are in three. `at_most` is the limit that the counter was last moved under.
ALTER TABLE ledger_counter ADD COLUMN place TEXT COLLATE "C";
ALTER TABLE ledger_counter ADD COLUMN part TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE ledger_counter ADD COLUMN at_most BIGINT NOT NULL DEFAULT 9223372036854775807;
ALTER TABLE ledger_counter NO FORCE ROW LEVEL SECURITY;
UPDATE ledger_counter SET place = scope || '/' || subject;
ALTER TABLE ledger_counter FORCE ROW LEVEL SECURITY;
ALTER TABLE ledger_counter ALTER COLUMN place SET NOT NULL;
ALTER TABLE ledger_counter ALTER COLUMN part DROP DEFAULT;
ALTER TABLE ledger_counter ALTER COLUMN at_most DROP DEFAULT;
ALTER TABLE ledger_counter DROP CONSTRAINT ledger_counter_pkey;
ALTER TABLE ledger_counter ADD PRIMARY KEY (agency_id, kind, place, owner, part);
ALTER TABLE ledger_counter DROP COLUMN scope;
ALTER TABLE ledger_counter DROP COLUMN subject;
