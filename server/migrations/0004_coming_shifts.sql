-- Who comes next in a schedule, for the list of rotations.
create index pagerduty_shifts_by_start
    on pagerduty_shifts (workspace_id, schedule_id, starts_at, user_id);
