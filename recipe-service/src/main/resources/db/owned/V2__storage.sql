-- What a merge will write, so that the room that running merges have yet to fill is known to those that come after them.
alter table owned.merge_attempt add column bytes bigint not null default 0;
comment on column owned.merge_attempt.bytes is 'Bytes that the merge was estimated to write when it was accepted.';

-- Artifacts that a merge reads: they are not deleted while it is open.
create table owned.merge_input (
    merge     uuid not null references owned.merge_attempt,
    artifact  text not null,
    primary key (merge, artifact)
);
create index merge_input_artifact on owned.merge_input (artifact);

-- Work that one replica at a time does now and then. Who does it holds the row's lock.
create table owned.housekeeping (
    job       text primary key,
    due_at    timestamptz not null
);
insert into owned.housekeeping (job, due_at) values ('retention', now());
