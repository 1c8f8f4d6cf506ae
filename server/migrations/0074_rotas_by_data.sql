-- The clock looks for schedules that were reckoned by older time-zone data than its own.
create index rotas_by_zones on rotas (zones);
