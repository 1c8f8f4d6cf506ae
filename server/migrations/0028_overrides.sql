-- Which shifts of a schedule are overrides, and whose turns they take: a list of users as JSON,
-- empty where that is not known, and nothing where the shift is a turn itself. The version
-- before writes nothing, so that what it read are turns until the schedule is read anew.
alter table pagerduty_shifts add column override_of text;
