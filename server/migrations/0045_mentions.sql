-- Mentions of the app: each is answered by a notice of the outbox, which the same transaction writes
-- that takes the mention, and has a state of its own once somebody was called because of it.
create table mentions (
    id text not null primary key,
    workspace_id text not null references workspaces (id) on delete cascade,
    -- Who has written it, and where.
    person_id text not null,
    channel text not null,
    thread text not null,
    -- What they wrote after the mention, if anything.
    code text,
    taken_at bigint not null,
    -- The rotation whose people were called.
    rotation_id text,
    -- Who was called by which message, one after the other, as JSON.
    calls text not null,
    -- Who has said that they see to it.
    taken_by text
);
create index mentions_by_time on mentions (taken_at);
