-- Where it is tried whether something can be written. One row, of no meaning.
create table write_tries (
    id bigint not null primary key,
    padding text not null
);
