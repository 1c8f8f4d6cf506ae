-- The rotation that it was done to, which may be gone by now. Null where it was done to something
-- else, and for what earlier versions wrote.
alter table audit add column rotation_id text;
