-- What of a schedule's last answer made no sense, as JSON.
alter table pagerduty_schedules add column left_out text;
-- Whether the credential shows any schedule; null when that is not known.
alter table pagerduty_connections add column sees_schedules bigint;
