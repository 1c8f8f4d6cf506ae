-- Topics of Slack channels that say who is on duty. A rotation sets one as long as it has a
-- subscription for it; one without is cleared, and then it goes.
create table channel_topics (
    workspace_id text not null references workspaces (id) on delete cascade,
    channel_id text not null,
    -- The rotation that sets it, which may be gone by now.
    rotation_id text not null,
    template text not null,
    -- What Round Robin last set it to, or found it to be when it was right. Null before.
    written text,
    written_at bigint,
    -- Since when another one is there that somebody else has set.
    edited_at bigint,
    -- Why the last attempt came to nothing, as a code, and when that was.
    problem text,
    problem_at bigint,
    primary key (workspace_id, channel_id)
);
