-- Who pressed *Sync now*, by name. Null for runs that came by themselves.
alter table sync_runs add column asked_by text;
