-- Work ----------------------------------------------------------------------------------------------------------------

-- Append-only: every step of a subject's life, approvals among them, with the plan they agreed to where the subject has one. A subject is
-- named by its kind and its id, so that each capability keeps its steps here; whoever writes one holds the subject's lock.
CREATE TABLE step (
    agency_id    UUID    NOT NULL REFERENCES agency (id),
    subject_kind TEXT COLLATE "C"    NOT NULL,
    subject_id   UUID    NOT NULL,
    step         BIGINT  NOT NULL,
    action       TEXT COLLATE "C"    NOT NULL,
    origin       TEXT COLLATE "C"    NOT NULL,
    target       TEXT COLLATE "C"    NOT NULL,
    plan_hash    TEXT COLLATE "C",
    note         TEXT COLLATE "C",
    taken_by     UUID,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, subject_kind, subject_id, step)
);

-- What is to be done, by whom, until when: for a subject, among whose tasks it has a number, or for none. The assignee is a text or an
-- actor; `assignee_form` is the normal form of the text. `due_on` is a day of the agency, and `due_at` an instant of that day. Both are
-- the greatest number where nothing was said, so that the order of the columns is the order in which tasks are due.
CREATE TABLE task (
    agency_id     UUID    NOT NULL REFERENCES agency (id),
    id            UUID    NOT NULL,
    subject_kind  TEXT COLLATE "C",
    subject_id    UUID,
    number        BIGINT,
    kind          TEXT COLLATE "C"    NOT NULL,
    title         TEXT COLLATE "C"    NOT NULL,
    assignee      TEXT COLLATE "C",
    assignee_form TEXT COLLATE "C",
    assignee_id   UUID,
    due_on        INTEGER NOT NULL,
    due_at        BIGINT  NOT NULL,
    outcome       TEXT COLLATE "C",
    done_by       UUID,
    done_at       BIGINT,
    created_by    UUID,
    created_at    BIGINT  NOT NULL,
    version       BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, id),
    UNIQUE (agency_id, subject_kind, subject_id, number),
    FOREIGN KEY (agency_id, assignee_id) REFERENCES actor (agency_id, id),
    CHECK ((subject_kind IS NULL) = (subject_id IS NULL) AND (subject_id IS NULL) = (number IS NULL))
);
CREATE INDEX task_by_due ON task (agency_id, due_on, due_at, id);
-- What is done long ago was due long ago: nobody who asks for what is open goes past it.
CREATE INDEX task_open ON task (agency_id, due_on, due_at, id) WHERE done_at IS NULL;

-- Row-level security is forced on the owner as well, who moves everybody's rows here.
ALTER TABLE campaign_step NO FORCE ROW LEVEL SECURITY;
INSERT INTO step (agency_id, subject_kind, subject_id, step, action, origin, target, plan_hash, note, taken_by, at)
SELECT agency_id, 'campaign', campaign_id, step, action, origin, target, plan_hash, note, taken_by, at FROM campaign_step;
DROP TABLE campaign_step;

-- Their ids are UUIDs of version 7, as those of later tasks: of the time, then of the number. Who wrote them down was not kept, and the
-- form of their assignees is made by the server, at its next start.
ALTER TABLE campaign_task NO FORCE ROW LEVEL SECURITY;
INSERT INTO task (agency_id, id, subject_kind, subject_id, number, kind, title, assignee, due_on, due_at, done_by, done_at, created_at, version)
SELECT agency_id,
    (lpad(to_hex(created_at), 12, '0') || '7' || lpad(to_hex(task % 4096), 3, '0') || '8' || substr(md5(gen_random_uuid()::text), 1, 15))::uuid,
    'campaign', campaign_id, task, kind, title, assignee, COALESCE(due_on, 2147483647), 9223372036854775807, done_by, done_at, created_at, 1
FROM campaign_task;
DROP TABLE campaign_task;

ALTER TABLE step ENABLE ROW LEVEL SECURITY;
ALTER TABLE step FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON step TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT ON step TO posthouse_agency;

ALTER TABLE task ENABLE ROW LEVEL SECURITY;
ALTER TABLE task FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON task TO posthouse_agency USING (agency_id = (SELECT current_setting('posthouse.agency')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON task TO posthouse_agency;
