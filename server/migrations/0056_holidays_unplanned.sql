-- Rotations that have still to go on by what was decided about holidays, since many do so one after the
-- other: until then each goes by what held before, so that nothing about it is half there.
create table holidays_unplanned (
    rotation_id text not null references rotations (id) on delete cascade,
    workspace_id text not null references workspaces (id) on delete cascade,
    -- As of workspace_holidays.
    day text not null,
    region text not null,
    -- What was decided about that day before. Null where nothing was.
    was_off bigint,
    primary key (rotation_id, day, region)
);
create index holidays_unplanned_of_workspace on holidays_unplanned (workspace_id);
