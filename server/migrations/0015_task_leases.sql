-- Which server does a task of background work that one of several shall do, and for how
-- long it keeps the others from it. In the database's time.
create table task_leases (
    task text not null primary key,
    holder text not null,
    held_until bigint not null
);
