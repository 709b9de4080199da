-- Work ----------------------------------------------------------------------------------------------------------------

-- Append-only: every step of a subject's life, approvals among them, with the plan they agreed to where the subject has one. A subject is
-- named by its kind and its id, so that each capability keeps its steps here; whoever writes one holds the subject's lock.
CREATE TABLE step (
    agency_id    BLOB    NOT NULL REFERENCES agency (id),
    subject_kind TEXT    NOT NULL,
    subject_id   BLOB    NOT NULL,
    step         BIGINT  NOT NULL,
    action       TEXT    NOT NULL,
    origin       TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    plan_hash    TEXT,
    note         TEXT,
    taken_by     UUID,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (agency_id, subject_kind, subject_id, step)
);

-- What is to be done, by whom, until when: for a subject, among whose tasks it has a number, or for none. The assignee is a text or an
-- actor; `assignee_form` is the normal form of the text. `due_on` is a day of the agency, and `due_at` an instant of that day. Both are
-- the greatest number where nothing was said, so that the order of the columns is the order in which tasks are due.
CREATE TABLE task (
    agency_id     BLOB    NOT NULL REFERENCES agency (id),
    id            BLOB    NOT NULL,
    subject_kind  TEXT,
    subject_id    UUID,
    number        BIGINT,
    kind          TEXT    NOT NULL,
    title         TEXT    NOT NULL,
    assignee      TEXT,
    assignee_form TEXT,
    assignee_id   UUID,
    due_on        INTEGER NOT NULL,
    due_at        BIGINT  NOT NULL,
    outcome       TEXT,
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

INSERT INTO step (agency_id, subject_kind, subject_id, step, action, origin, target, plan_hash, note, taken_by, at)
SELECT agency_id, 'campaign', campaign_id, step, action, origin, target, plan_hash, note, taken_by, at FROM campaign_step;
DROP TABLE campaign_step;

-- Their ids are UUIDs of version 7, as those of later tasks: of the time, then of the number. Who wrote them down was not kept, and the
-- form of their assignees is made by the server, at its next start.
INSERT INTO task (agency_id, id, subject_kind, subject_id, number, kind, title, assignee, due_on, due_at, done_by, done_at, created_at, version)
SELECT agency_id,
    unhex(printf('%012x7%03x8', created_at, task % 4096) || substr(hex(randomblob(8)), 2)),
    'campaign', campaign_id, task, kind, title, assignee, COALESCE(due_on, 2147483647), 9223372036854775807, done_by, done_at, created_at, 1
FROM campaign_task;
DROP TABLE campaign_task;
