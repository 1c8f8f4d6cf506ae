-- What it takes to take back a change that somebody made by hand, for as long as they may.
create table undos (
    id text not null primary key,
    workspace_id text not null,
    rotation_id text not null references rotations (id) on delete cascade,
    -- Who made the change, and alone may take it back.
    person_id text not null,
    made_at bigint not null,
    -- The people of the rotation before the change and after it, as JSON.
    before_change text not null,
    after_change text not null
);
create index undos_by_rotation on undos (rotation_id);

-- What an admin left Manual, so that it is offered no more: when that was and who did it, for as
-- long as they may undo it.
alter table former_bindings add column given_up_at bigint;
alter table former_bindings add column given_up_by text;
