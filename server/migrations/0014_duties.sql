-- Who is on duty, apart from who takes turns: a hand-off touches no member.
create table duties (
    rotation_id text not null references rotations (id) on delete cascade,
    workspace_id text not null,
    -- The key of whoever holds the duty.
    holder text not null,
    starts_at bigint not null,
    -- When it will end; null when nobody knows.
    ends_at bigint,
    -- What put them on duty: the rotation's mode at that time.
    source text not null,
    primary key (rotation_id, holder)
);
create index duties_by_workspace on duties (workspace_id);

-- Whether `duties` says of a member whether they are on duty; 0 or 1. Where it is 0, a server
-- of the version before wrote last, and on_duty_since and on_duty_until of the member hold. They
-- are written for such servers; a later version drops all three.
alter table rotation_members add column duty_kept bigint not null default 0;
