-- The time zone that holds in a workspace where nothing nearer is known; null for UTC.
alter table workspaces add column time_zone text;
