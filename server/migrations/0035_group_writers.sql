-- By whose own permission user groups of Slack are written, where a workspace lets admins alone
-- edit them.
create table group_writers (
    workspace_id text not null primary key references workspaces (id) on delete cascade,
    person_id text not null,
    -- Their token; null once it has ended.
    token_sealed text,
    granted_at bigint not null,
    -- Why it has ended, as a code.
    ended text
);
