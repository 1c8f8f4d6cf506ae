-- What Slack has told of the people on a list that it refused to take into a group, while it is being
-- asked about each of them: whoever goes on with that, on whichever server, asks about nobody twice.
alter table duty_groups add column asked text;
alter table duty_groups add column asked_at bigint;
