-- Which rotations tell a target is asked for with every list of rotations.
create index subscriptions_by_target on subscriptions (workspace_id, kind, target);
