-- The attempt to answer that has begun to write to Slack: what ended before that was surely not told, and
-- is tried again.
alter table mentions add column posting text;
