-- Finds the last change of a rotation of one kind.
create index audit_by_rotation on audit (rotation_id, action, id);
