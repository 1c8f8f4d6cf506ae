-- When Slack was found not to take some people into a group: it may take them later. And since when
-- no attempt to bring the group right has come to anything.
alter table duty_groups add column not_taken_at bigint;
alter table duty_groups add column problem_since bigint;
