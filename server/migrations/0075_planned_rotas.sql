-- What was planned by a rota when its turn was reckoned, as JSON: who has which of the first shifts. By
-- that it is known whose shifts are others where the same is planned by other time-zone data. And until
-- when the turn was reckoned then: a version before writes the turn without its plan.
alter table rotas add column planned text;
alter table rotas add column planned_as_of bigint;
