-- What decided when a stretch of duty began, as a mode. Null where only a version before knew. It is
-- here that it is read, since history outlasts the duty: duties.source, which was to tell it, is
-- written only because the column wants a value and the version before writes it, too.
alter table duty_history add column source text;
