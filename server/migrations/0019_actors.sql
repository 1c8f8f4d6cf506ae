-- How whoever did it acted: a person by a session of the pages, or Round Robin itself. What a
-- server of the version before writes is a person's, and so is all that was written until now.
alter table audit add column actor_kind text not null default 'session';
