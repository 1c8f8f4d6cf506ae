-- Somebody wants another to take their place for a time. Taken, it is an override from then on.
create table covers (
    id text not null primary key,
    workspace_id text not null references workspaces (id) on delete cascade,
    rotation_id text not null references rotations (id) on delete cascade,
    -- The key of the member who wants to be covered, and what they were called.
    asked_by text not null,
    asked_by_name text not null,
    -- The key of the one who is asked. Null for anybody.
    asked text,
    starts_at bigint not null,
    ends_at bigint not null,
    -- The key and the name of whoever took it.
    taken_by text,
    taken_by_name text
);
create index covers_of_rotation on covers (rotation_id, ends_at);
