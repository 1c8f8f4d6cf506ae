-- What whoever is on duty in a rotation should know.
alter table rotations add column notes text not null default '';
