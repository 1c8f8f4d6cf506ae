-- Calendar feeds: what a calendar program reads by an address, with the rights of whoever made it.
create table feeds (
    id text not null primary key,
    workspace_id text not null references workspaces (id) on delete cascade,
    person_id text not null,
    -- 'mine', 'all', or the id of a rotation.
    subject text not null,
    -- The hash of the address' token.
    token_key text not null unique,
    -- The address for whoever made it to copy: sealed, for one session and for some minutes.
    address_sealed text,
    address_session text,
    address_until bigint,
    made_at bigint not null,
    read_at bigint,
    unique (workspace_id, person_id, subject)
);

-- What each feed told last of its events, so that a calendar learns which of them have changed.
create table feed_events (
    feed_id text not null references feeds (id) on delete cascade,
    uid text not null,
    content text not null,
    -- How often the event has changed since it was first told.
    sequence bigint not null,
    modified_at bigint not null,
    primary key (feed_id, uid)
);
