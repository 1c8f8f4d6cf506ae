-- By which overrides people have had duty, as far as that has come true: what history tells of it.
create table past_overrides (
    rotation_id text not null references rotations (id) on delete cascade,
    workspace_id text not null references workspaces (id) on delete cascade,
    -- The key of whoever had duty.
    holder text not null,
    starts_at bigint not null,
    ends_at bigint not null,
    -- The names of those whose place it took, as JSON.
    instead_of text not null,
    -- The person who made it. Null where that is not known.
    made_by text,
    primary key (rotation_id, holder, starts_at)
);
create index past_overrides_by_end on past_overrides (ends_at);
