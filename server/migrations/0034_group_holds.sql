-- Whether a target is told of each change of those who take turns as well, as a user group is that
-- holds all members of a rotation. Null is no.
alter table subscriptions add column of_members bigint;
