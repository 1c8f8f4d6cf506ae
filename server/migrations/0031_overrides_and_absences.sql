-- What somebody has decided about who is on duty for a time, over the rotation's own schedule.
create table overrides (
    id text not null primary key,
    workspace_id text not null references workspaces (id) on delete cascade,
    rotation_id text not null references rotations (id) on delete cascade,
    -- By when they were made: of two that overlap, the later one wins.
    place bigint not null,
    starts_at bigint not null,
    ends_at bigint not null,
    -- 'replace', 'add' or 'empty'.
    kind text not null,
    -- The key of the member whose place it is about, and what they were called. Null for 'add'.
    relieved text,
    relieved_name text,
    -- Who is on duty by it, and what they were called. Null for 'empty'.
    person_id text,
    person_name text,
    -- The person who made it.
    made_by text,
    made_at bigint not null
);
create index overrides_of_rotation on overrides (rotation_id, ends_at);

-- A time for which somebody is not there for duty.
create table absences (
    id text not null primary key,
    workspace_id text not null references workspaces (id) on delete cascade,
    person_id text not null,
    starts_at bigint not null,
    ends_at bigint not null,
    -- 1 for all rotations; else it is for those of absence_rotations.
    everywhere bigint not null,
    note text not null
);
create index absences_of_person on absences (workspace_id, person_id, ends_at);

create table absence_rotations (
    absence_id text not null references absences (id) on delete cascade,
    rotation_id text not null references rotations (id) on delete cascade,
    primary key (absence_id, rotation_id)
);
