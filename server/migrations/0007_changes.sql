-- What people change is done once, however often it is sent: what came of it is
-- kept for a day.
create table changes (
    -- A hash of who sent it, where to, and all that the form said.
    key text not null primary key,
    workspace_id text not null references workspaces (id),
    -- In the database's time.
    begun_at bigint not null,
    -- What came of it, as JSON. A change that has ended (1) without one was broken
    -- off, and nobody knows how much of it was done.
    outcome text,
    ended bigint not null
);

create index changes_by_begin on changes (begun_at);
