-- A sync that can be trusted. Two clocks count: what is about leases and when to
-- ask (next_sync_at, ask_after, lease_until, poll_at, and the times of runs) is
-- in the database's time; what is about shifts (confirmed_at, next_change_at,
-- shifts and duty) is in PagerDuty's.

-- Schedules that the last run left to the next one.
alter table pagerduty_connections add column postponed bigint not null default 0;
-- By how many milliseconds PagerDuty's clock is ahead of the database's.
alter table pagerduty_connections add column clock_ahead_millis bigint not null default 0;

-- Which version of PagerDuty's API last knew the schedule: 'v2' or 'v3'.
alter table pagerduty_schedules add column api_version text not null default 'v2';
-- When PagerDuty is asked for it again, and how often that failed in a row.
alter table pagerduty_schedules add column poll_at bigint not null default 0;
alter table pagerduty_schedules add column failures bigint not null default 0;
-- The next start or end of a shift; null when none is known. Of schedules from
-- before this column nobody has looked yet, so it is due at once.
alter table pagerduty_schedules add column next_change_at bigint default 0;

create index pagerduty_schedule_people_by_user
    on pagerduty_schedule_people (workspace_id, user_id);
create index pagerduty_schedules_by_poll on pagerduty_schedules (workspace_id, poll_at);

-- Who of PagerDuty is who in Slack where an admin said so. It outlives the
-- connection: nobody wants to say it twice.
create table person_links (
    workspace_id text not null references workspaces (id),
    pagerduty_user_id text not null,
    person_id text not null,
    linked_at bigint not null,
    linked_by text not null,
    primary key (workspace_id, pagerduty_user_id)
);

-- What a disconnect reverted, and on which account, to be offered again.
create table former_bindings (
    rotation_id text not null primary key references rotations (id) on delete cascade,
    workspace_id text not null references workspaces (id),
    schedule_id text not null,
    schedule_name text not null,
    region text not null,
    subdomain text,
    account_id text,
    reverted_at bigint not null
);

create index former_bindings_by_workspace on former_bindings (workspace_id);

-- The syncs of late. Ids ascend with time.
create table sync_runs (
    id text not null primary key,
    workspace_id text not null references workspaces (id),
    reason text not null,
    started_at bigint not null,
    ended_at bigint not null,
    problem text,
    confirmed bigint not null,
    unreadable bigint not null,
    postponed bigint not null,
    requests bigint not null
);

create index sync_runs_by_workspace on sync_runs (workspace_id, id);
create index sync_runs_by_end on sync_runs (ended_at);

create table sync_changes (
    run_id text not null references sync_runs (id) on delete cascade,
    position bigint not null,
    rotation_id text not null,
    rotation_name text not null,
    what text not null,
    primary key (run_id, position)
);

-- Who was on duty from when. However often a shift is applied, and by however
-- many servers, it is one row.
create table duty_history (
    rotation_id text not null references rotations (id) on delete cascade,
    workspace_id text not null,
    -- The PagerDuty user, or the member when there is none: being linked to Slack
    -- does not make somebody another person.
    person text not null,
    starts_at bigint not null,
    name text not null,
    -- When it ended or will; null when nobody knows yet.
    ends_at bigint,
    primary key (rotation_id, starts_at, person)
);

create index duty_history_by_end on duty_history (ends_at);

-- Whoever is on duty already.
insert into duty_history (rotation_id, workspace_id, person, starts_at, name, ends_at)
select rotation_id, workspace_id, coalesce(pagerduty_user_id, key), on_duty_since, name,
    on_duty_until
from rotation_members where on_duty_since is not null;
