-- When who is on duty in a rotation changes next, in the time by which its plan goes: PagerDuty's
-- where a schedule of PagerDuty's is followed. Null where nothing is planned.
alter table rotations add column next_change_at bigint;
create index rotations_by_next_change on rotations (next_change_at);
update rotations set next_change_at = (
    select s.next_change_at from bindings b
    join pagerduty_schedules s on s.workspace_id = b.workspace_id and s.id = b.schedule_id
    where b.rotation_id = rotations.id);
