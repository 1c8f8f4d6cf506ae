-- The last time that PagerDuty needed to be reconnected, of which admins were told.
create table outages (
    workspace_id text not null primary key references workspaces (id) on delete cascade,
    told_at bigint not null,
    -- Since when it does not need that any more; null while it does.
    well_since bigint
);
