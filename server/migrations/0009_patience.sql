-- What can be read of PagerDuty is used, and the rest is asked for again.

-- Whether PagerDuty was asked for a person, or only a schedule names them; 0 or 1.
-- Those without an e-mail are asked for once more.
alter table pagerduty_users add column asked_for bigint not null default 1;
update pagerduty_users set asked_for = 0 where email is null and deleted = 0;

-- Where the next reading of the list of people goes on: the row, and how many of
-- them a page holds. Absent at the beginning.
alter table pagerduty_connections add column roster_offset bigint;
alter table pagerduty_connections add column roster_limit bigint;

-- Questions in a row that brought nothing, whoever asked them; the back-off counts
-- only those that nobody pressed for.
alter table pagerduty_connections add column unanswered bigint not null default 0;
alter table pagerduty_schedules add column unanswered bigint not null default 0;

-- For how many seconds a schedule that is slow to answer is waited for; absent for
-- the others.
alter table pagerduty_schedules add column answer_limit bigint;
