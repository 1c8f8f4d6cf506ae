-- That an override, to come or past, is a cover: 1 where the one whose place it takes asked for it. Of
-- those made before nobody can tell, and they stay overrides, as those of the version before do.
alter table overrides add column is_cover bigint not null default 0;
alter table past_overrides add column is_cover bigint not null default 0;
