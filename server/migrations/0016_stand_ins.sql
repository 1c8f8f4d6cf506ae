-- What a holder of a duty is called who takes no turns in the rotation: such a one is in no row
-- of rotation_members. Null for members.
alter table duties add column name text;
