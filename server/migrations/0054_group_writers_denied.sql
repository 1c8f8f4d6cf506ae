-- When Slack first denied a token that somebody lent, asked about the token itself: one denial
-- alone has been wrong before.
alter table group_writers add column denied_at bigint;
