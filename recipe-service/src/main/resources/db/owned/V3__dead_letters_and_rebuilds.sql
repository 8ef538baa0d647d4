-- What became of dead letters (a decision of people, which the topics do not know), and how often the projection was begun anew.

create table owned.dead_letter_decision (
    letter       uuid primary key,
    state        text not null check (state in ('replaying', 'replayed', 'dropped')),
    decided_by   text not null,
    decided_at   timestamptz not null,
    search_from  bigint
);

comment on table owned.dead_letter_decision is
    'One row a dead letter that was replayed or dropped. "replaying" is written before the record is published again; '
    'whoever finds it looks from search_from on for a record with the letter''s mark before publishing another one.';

create table owned.projection_generation (
    single_row   boolean primary key default true check (single_row),
    generation   bigint not null
);
insert into owned.projection_generation (generation) values (1);

comment on table owned.projection_generation is
    'Raised in the transaction that empties the projection. Whoever applies records does so under a shared lock of this '
    'row and only if it still is what it was when its positions were read: what was read before a rebuild is not applied '
    'after it.';
