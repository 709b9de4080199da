-- Once means once -------------------------------------------------------------------------------------------------------

-- A key is claimed in the transaction that does the work: a row says that the work is done. `ticket` is the request that did it. `subject` is
-- what it made or changed, as in the audit log; `status` and `body` are its answer. Without a body the subject answers for itself, or nothing
-- more is known. What was claimed and not answered when this ran was begun by a host that is gone.
CREATE TABLE kept (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    key          TEXT    NOT NULL,
    request      TEXT    NOT NULL,
    ticket       BLOB,
    subject      TEXT,
    status       INTEGER,
    body         BLOB,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, key)
) WITHOUT ROWID;
INSERT INTO kept (agency_id, key, request, status, body, created_at)
SELECT agency_id, key, request, status, body, created_at FROM kept_answer WHERE status IS NOT NULL;
DROP TABLE kept_answer;
ALTER TABLE kept RENAME TO kept_answer;
CREATE INDEX kept_answer_by_age ON kept_answer (agency_id, created_at);

-- Batches of coupons whose making broke off.
INSERT INTO job (agency_id, kind, key, lane, clock, due, version, attempts, held_until)
SELECT agency_id, 'coupons.abandon', lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)),
    'timers', 'machine', 0, 1, 0, 0
FROM coupon_batch WHERE state = 'making';
