-- What is known of the installation in Slack and of reading the directory, so that
-- restarts and servers that share the database agree. Times are the database's.

-- The word with which Slack refused the bot token first, and when; null while the
-- token is accepted.
alter table workspaces add column token_refused_word text;
alter table workspaces add column token_refused_at bigint;
-- How often Slack was asked since whether the token is good and said no, and when
-- it said so last.
alter table workspaces add column token_denials bigint;
alter table workspaces add column token_denied_at bigint;
-- When it was certain that the installation has ended.
alter table workspaces add column installation_ended_at bigint;

-- Who reads the directory, and until when everybody else leaves it alone.
alter table workspaces add column directory_reader text;
alter table workspaces add column directory_reserved_until bigint;
-- Why the last reading of the directory did not come to its end, as JSON.
alter table workspaces add column directory_problem text;

-- The id that the same person has beside the first one, where a company has
-- several workspaces.
alter table people add column other_id text;

create index people_by_other_id on people (workspace_id, other_id);
