-- In which time zone somebody is, as Slack tells; null where it does not, or an earlier version
-- wrote last.
alter table people add column time_zone text;

-- What people are told themselves by direct messages.
create table notifications (
    workspace_id text not null references workspaces (id) on delete cascade,
    person_id text not null,
    -- What they have chosen, as JSON; null where the usual holds.
    choices text,
    -- What the last message was about, in words, and when it was written.
    told_about text,
    told_at bigint,
    primary key (workspace_id, person_id)
);
