-- What a message that goes to a channel says, kept right before it is written; null for all else, and
-- where an earlier version wrote it.
alter table outbox add column said text;
