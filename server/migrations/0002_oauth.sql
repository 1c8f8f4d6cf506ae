-- Connecting with OAuth 2.0. A login's secrets (client secret, access and
-- refresh token) are one sealed value, so that a renewed pair is saved whole.

alter table pagerduty_connections add column client_id text;
-- The name of the person whom the login acts as.
alter table pagerduty_connections add column authorised_as text;
-- When the access token is renewed, a little before it ends.
alter table pagerduty_connections add column refresh_at bigint;
alter table pagerduty_connections add column token_expires_at bigint;
-- Counts the pairs of tokens, so that of many who find one unusable only the
-- first renews it.
alter table pagerduty_connections add column token_version bigint not null default 0;
-- PagerDuty will renew it no more; 0 or 1.
alter table pagerduty_connections add column login_ended bigint not null default 0;
-- Who renews the tokens at present, and until when others leave it alone.
alter table pagerduty_connections add column token_lease_holder text;
alter table pagerduty_connections add column token_lease_until bigint;

-- Which account it is, as far as known: the beginning of its web address, and
-- the id in the ID token.
alter table pagerduty_connections add column subdomain text;
alter table pagerduty_connections add column account_id text;

-- A login on its way through PagerDuty. It can be finished once, by the session
-- that began it.
create table pending_authorisations (
    state_key text not null primary key,
    session_key text not null,
    workspace_id text not null references workspaces (id),
    -- Which form began it, and so where its outcome is shown.
    purpose text not null,
    -- The credential that it replaces; null when there was none.
    replaces text,
    client_id text not null,
    -- The client secret and the verifier of the code.
    secrets_sealed text not null,
    expires_at bigint not null
);

create index pending_authorisations_by_workspace on pending_authorisations (workspace_id);

-- A credential that PagerDuty accepted, of another account than the connected
-- one: it waits for the session that brought it to decide.
create table pending_switches (
    session_key text not null primary key,
    workspace_id text not null references workspaces (id),
    replaces text not null,
    action text not null,
    method text not null,
    credential_sealed text not null,
    last_four text not null,
    client_id text,
    authorised_as text,
    refresh_at bigint,
    token_expires_at bigint,
    region text not null,
    subdomain text,
    account_id text,
    expires_at bigint not null
);

create index pending_switches_by_workspace on pending_switches (workspace_id);
