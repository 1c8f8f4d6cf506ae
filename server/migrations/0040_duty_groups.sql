-- User groups of Slack that hold those on duty. Which rotations feed one is among the
-- subscriptions.
create table duty_groups (
    workspace_id text not null references workspaces (id) on delete cascade,
    group_id text not null,
    handle text not null,
    -- What becomes of it while nobody is on duty: keep, fallback or disable.
    when_nobody text not null,
    -- Lists of people's ids as JSON: who is always in it, who is in it while nobody is on duty,
    -- and whom Slack did not take.
    permanent text not null,
    fallback text not null,
    not_taken text not null,
    -- Its members and whether it is disabled, as Slack had it when all was right. Null before.
    members text,
    disabled bigint,
    -- When Round Robin last wrote something, and somebody else did, and who.
    written_at bigint,
    edited_at bigint,
    edited_by text,
    -- Why the last attempt came to nothing, as a code, and when that was.
    problem text,
    problem_at bigint,
    primary key (workspace_id, group_id)
);
