-- Until when the stored shifts of a schedule are all that there are, by PagerDuty's clock, and what
-- applied_at was when that was written: where it is another one, a server of the version before has
-- written since, which reads less far ahead and knows nothing of these columns.
alter table pagerduty_schedules add column known_until bigint;
alter table pagerduty_schedules add column known_with bigint;
