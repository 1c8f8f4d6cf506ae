-- What Slack handed back after a topic was set: it may make something else of it, which then is ours
-- all the same.
alter table channel_topics add column shown text;
