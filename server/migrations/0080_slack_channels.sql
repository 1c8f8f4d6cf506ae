-- What Slack told of channels that rotations name by their ids, for whoever looks after these.
create table slack_channels (
    workspace_id text not null references workspaces (id) on delete cascade,
    channel_id text not null,
    -- Null where Slack does not let Round Robin know of it.
    name text,
    is_private bigint not null,
    is_member bigint not null,
    is_archived bigint not null,
    -- When Slack was asked, by the database's clock.
    told_at bigint not null,
    primary key (workspace_id, channel_id)
);
-- What Slack does not take is looked for with every list of rotations.
create index outbox_given_up on outbox (workspace_id, kind, target) where state = 'given_up';
