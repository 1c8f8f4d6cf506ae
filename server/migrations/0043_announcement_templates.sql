-- What a rotation's announcements say, where somebody has written that.
create table announcement_templates (
    rotation_id text not null primary key references rotations (id) on delete cascade,
    template text not null
);
