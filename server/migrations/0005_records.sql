-- Records that do not contradict themselves: of runs that were cut off, of what
-- a run could not read, and of who was on duty.

-- A run is written when it begins. Until it has ended (1), ended_at is when it
-- began, and it is under way for as long as the connection's lease is its own.
alter table sync_runs add column ended bigint not null default 1;
alter table sync_runs add column lease text;

-- The schedules that a run could not read, each with the reason as JSON.
create table sync_unreadable (
    run_id text not null references sync_runs (id) on delete cascade,
    position bigint not null,
    schedule_id text not null,
    schedule_name text not null,
    problem text not null,
    primary key (run_id, position)
);

-- When a schedule's rotations last got their members from it, by PagerDuty's
-- clock: until then it is certain who was on duty.
alter table pagerduty_schedules add column applied_at bigint;
update pagerduty_schedules set applied_at = confirmed_at;

-- The duty that a record belongs to begins at shift_starts_at, and the record at
-- starts_at, which is later when the shift was broken off and taken up again, or
-- had begun before the rotation was bound.
alter table duty_history add column shift_starts_at bigint not null default 0;
update duty_history set shift_starts_at = starts_at;
