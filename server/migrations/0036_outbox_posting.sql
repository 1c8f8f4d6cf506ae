-- Which attempt has begun to write outside: its number. As long as an attempt has not, the same below
-- zero, so what ended before was surely not told. Anything else is of a version that does not say.
alter table outbox add column posting bigint;
