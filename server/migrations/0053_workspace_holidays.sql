-- What a workspace has decided about holidays, beside those that are known of countries. Days that
-- are over stay: plans that count working days count them.
create table workspace_holidays (
    workspace_id text not null references workspaces (id) on delete cascade,
    -- As 2026-12-24.
    day text not null,
    -- The code of a country or of a part of one; empty for all schedules that skip holidays.
    region text not null,
    -- 1 where it is a holiday; 0 where it is none, whatever is known of the country.
    is_off bigint not null,
    -- Empty where it is none.
    name text not null,
    primary key (workspace_id, day, region)
);
