-- Answers to what people did in Slack that come later than Slack waits: each is told by a notice of the
-- outbox, which the same transaction writes, and goes once it was told.
create table late_answers (
    id text not null primary key,
    workspace_id text not null references workspaces (id) on delete cascade,
    -- Where Slack takes it; opens for this row alone.
    address_sealed text not null,
    thread text,
    -- Null until it is known.
    text text,
    -- Under which key `changes` knows what came of it, where something was to be changed.
    change_key text,
    kept_at bigint not null
);
create index late_answers_by_time on late_answers (kept_at);
