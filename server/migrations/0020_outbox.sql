-- Who is told of what that becomes of a rotation's duty.
create table subscriptions (
    rotation_id text not null references rotations (id) on delete cascade,
    workspace_id text not null,
    -- The kind of notice, as whoever delivers it calls it.
    kind text not null,
    -- What is told, as whoever delivers it calls that; empty where it is whoever begins.
    target text not null,
    -- How long before a shift begins; null where it is told when others are on duty.
    lead_millis bigint,
    primary key (rotation_id, kind, target)
);

-- A transactional outbox: what is to be told outside, written by the transaction from which it
-- follows, and delivered afterwards. Times are the database's, but for the occurrence.
create table outbox (
    id text not null primary key,
    workspace_id text not null,
    -- What it is about, a rotation or the workspace, and its id.
    subject_kind text not null,
    subject_id text not null,
    -- The moment of the hand-off, in the time by which the plan goes.
    occurrence bigint not null,
    kind text not null,
    target text not null,
    -- waiting, sending, delivered, in_doubt or given_up.
    state text not null,
    -- How often it was begun to be sent: of two who send, the later one has the higher number.
    attempts bigint not null,
    -- When it is to be sent. What is for one target goes in this order.
    not_before bigint not null,
    -- When it is of no use any more, because a shift has begun; null for what tells of a change.
    expires_at bigint,
    -- When it is tried again.
    retry_at bigint not null,
    -- While it is being sent: when whoever does counts as gone.
    claimed_until bigint,
    ended_at bigint,
    -- Why the last attempt came to nothing, as a code.
    problem text,
    unique (subject_kind, subject_id, occurrence, kind, target)
);
create index outbox_by_target on outbox (workspace_id, target, state);
create index outbox_by_state on outbox (state, not_before);
