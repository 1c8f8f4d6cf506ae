-- A rotation's own schedule, in the mode 'scheduled'.
create table rotas (
    rotation_id text not null primary key references rotations (id) on delete cascade,
    workspace_id text not null references workspaces (id) on delete cascade,
    -- What was decided about it, as JSON.
    terms text not null,
    -- Whose turn it is, whose it is next, and until when that was reckoned, as JSON.
    turn text not null,
    -- By which version of the time-zone data its clock was set.
    zones text not null
);
