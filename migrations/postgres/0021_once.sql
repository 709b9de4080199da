-- Once means once -------------------------------------------------------------------------------------------------------

-- A key is claimed in the transaction that does the work: a row says that the work is done. `ticket` is the request that did it. `subject` is
-- what it made or changed, as in the audit log; `status` and `body` are its answer. Without a body the subject answers for itself, or nothing
-- more is known. What was claimed and not answered when this ran was begun by a host that is gone. Row-level security is forced, also on
-- whoever owns the table.
ALTER TABLE kept_answer NO FORCE ROW LEVEL SECURITY;
DELETE FROM kept_answer WHERE status IS NULL;
ALTER TABLE kept_answer FORCE ROW LEVEL SECURITY;
ALTER TABLE kept_answer ADD COLUMN ticket UUID;
ALTER TABLE kept_answer ADD COLUMN subject TEXT;
CREATE INDEX kept_answer_by_age ON kept_answer (agency_id, created_at);

-- Batches of coupons whose making broke off.
ALTER TABLE coupon_batch NO FORCE ROW LEVEL SECURITY;
ALTER TABLE job NO FORCE ROW LEVEL SECURITY;
INSERT INTO job (agency_id, kind, key, lane, clock, due, version, attempts, held_until)
SELECT agency_id, 'coupons.abandon', CAST(id AS TEXT), 'timers', 'machine', 0, 1, 0, 0 FROM coupon_batch WHERE state = 'making';
ALTER TABLE job FORCE ROW LEVEL SECURITY;
ALTER TABLE coupon_batch FORCE ROW LEVEL SECURITY;
