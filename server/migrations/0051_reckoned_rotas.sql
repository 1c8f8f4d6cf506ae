-- Until when the turn of a rota was reckoned, in milliseconds, as its turn says, too: what was over by
-- then decides nothing any more. Null where only a version before wrote the turn.
alter table rotas add column as_of bigint;
