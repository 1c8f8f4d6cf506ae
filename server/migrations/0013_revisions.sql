-- What changes whenever something does that pages show, so that what was read can be
-- kept for as long as it holds. A workspace without a row is at 0.
create table revisions (
    workspace_id text not null primary key references workspaces (id),
    -- People of Slack, and who of PagerDuty is who among them.
    people bigint not null,
    -- Those, and rotations with their members, owners, duties and plans.
    rotations bigint not null
);
