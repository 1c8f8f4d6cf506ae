-- One schema for SQLite and Postgres: text, bigint, and nothing else.
-- Times are milliseconds since 1970 in UTC; truth values are 0 or 1; what is
-- sealed is text (see src/crypto.rs). Every row belongs to a workspace.

create table workspaces (
    id text not null primary key,
    name text not null,
    -- The installation in Slack; all absent until somebody has installed it,
    -- and again when Slack says that the token has ended.
    bot_token_sealed text,
    bot_scopes text,
    installed_at bigint,
    installed_by text,
    directory_synced_at bigint
);

-- The one row about the deployment itself: which workspace installed Round
-- Robin first. It owns a deployment that serves one workspace only, and writing
-- it in one statement decides which of two that install at once came first.
create table deployment (
    id bigint not null primary key check (id = 1),
    first_workspace_id text
);

insert into deployment (id) values (1);

create table people (
    workspace_id text not null references workspaces (id),
    id text not null,
    name text not null,
    email text,
    role text not null,
    deactivated bigint not null,
    -- When Slack was asked for this; an answer to an earlier question is stale.
    read_at bigint not null,
    primary key (workspace_id, id)
);

create table sessions (
    -- A hash of the cookie's value, so that a copy of this table opens nothing.
    key text not null primary key,
    workspace_id text not null references workspaces (id),
    person_id text not null,
    created_at bigint not null,
    last_seen_at bigint not null,
    -- What a form sent without JavaScript came to, until the next page shows it.
    flash text
);

create index sessions_by_person on sessions (workspace_id, person_id);

-- A sign-in on its way through Slack. The step 'identify' asks who it is; the
-- step 'install' follows when the workspace has no usable bot token yet.
create table pending_sign_ins (
    state_key text not null primary key,
    browser_key text not null,
    step text not null,
    nonce_key text,
    workspace_id text,
    person_id text,
    return_to text not null,
    expires_at bigint not null
);

create table rotations (
    id text not null primary key,
    workspace_id text not null references workspaces (id),
    name text not null,
    description text not null,
    code text,
    duty_size bigint not null,
    visibility text not null,
    mode text not null,
    created_at bigint not null,
    -- Null codes do not collide on either engine.
    unique (workspace_id, code)
);

create table rotation_members (
    rotation_id text not null references rotations (id) on delete cascade,
    workspace_id text not null,
    key text not null,
    position bigint not null,
    -- The Slack person, when there is one.
    person_id text,
    -- The PagerDuty user they came from, when they came from a schedule.
    pagerduty_user_id text,
    -- As last known; shown when the directory has nobody.
    name text not null,
    email text,
    -- Why nobody in Slack stands behind this member; null when somebody does.
    unlinked text,
    on_duty_since bigint,
    on_duty_until bigint,
    primary key (rotation_id, key)
);

create index rotation_members_by_workspace on rotation_members (workspace_id);

create table rotation_owners (
    rotation_id text not null references rotations (id) on delete cascade,
    workspace_id text not null,
    person_id text not null,
    primary key (rotation_id, person_id)
);

create table pagerduty_connections (
    workspace_id text not null primary key references workspaces (id),
    method text not null,
    credential_sealed text not null,
    -- The last characters of the key, for display.
    last_four text not null,
    region text not null,
    -- New with every credential: what was read with another one is discarded.
    generation text not null,
    connected_at bigint not null,
    connected_by text not null,
    connected_by_name text not null,
    -- The outcome of the last sync: a problem as JSON, or null.
    problem text,
    last_synced_at bigint,
    next_sync_at bigint not null,
    -- PagerDuty is not asked before; what its stored shifts say is applied all
    -- the same.
    ask_after bigint not null,
    -- Failed attempts in a row, for the back-off.
    failures bigint not null,
    roster_read_at bigint,
    lease_holder text,
    lease_until bigint
);

create index pagerduty_connections_due on pagerduty_connections (next_sync_at);

-- The account's people, as far as they were needed.
create table pagerduty_users (
    workspace_id text not null references pagerduty_connections (workspace_id) on delete cascade,
    id text not null,
    name text not null,
    email text,
    deleted bigint not null,
    primary key (workspace_id, id)
);

-- The schedules that rotations are bound to, as last read.
create table pagerduty_schedules (
    workspace_id text not null references pagerduty_connections (workspace_id) on delete cascade,
    id text not null,
    name text not null,
    url text,
    time_zone text,
    confirmed_at bigint,
    problem text,
    primary key (workspace_id, id)
);

create table pagerduty_schedule_people (
    workspace_id text not null,
    schedule_id text not null,
    user_id text not null,
    position bigint not null,
    primary key (workspace_id, schedule_id, user_id),
    foreign key (workspace_id, schedule_id)
        references pagerduty_schedules (workspace_id, id) on delete cascade
);

-- Who is on call from when (included) until when (excluded).
create table pagerduty_shifts (
    workspace_id text not null,
    schedule_id text not null,
    user_id text not null,
    starts_at bigint not null,
    ends_at bigint not null,
    primary key (workspace_id, schedule_id, user_id, starts_at),
    foreign key (workspace_id, schedule_id)
        references pagerduty_schedules (workspace_id, id) on delete cascade
);

-- No binding without a connection: the reference holds it.
create table bindings (
    rotation_id text not null primary key references rotations (id) on delete cascade,
    workspace_id text not null,
    schedule_id text not null,
    bound_at bigint not null,
    bound_by text not null,
    foreign key (workspace_id, schedule_id)
        references pagerduty_schedules (workspace_id, id)
);

create index bindings_by_schedule on bindings (workspace_id, schedule_id);

-- What people did. Ids ascend with time.
create table audit (
    id text not null primary key,
    workspace_id text not null,
    at bigint not null,
    actor_id text not null,
    actor_name text not null,
    action text not null,
    refused bigint not null,
    target text,
    before_change text,
    after_change text,
    request_id text
);

create index audit_by_workspace on audit (workspace_id, id);
