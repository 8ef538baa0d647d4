-- What recipe-service alone knows and cannot rebuild: which attempts at which artifact keys it has accepted.
-- Backed up; never dropped.

create table owned.merge_attempt (
    merge        uuid primary key,
    artifact     text not null,
    attempt      integer not null check (attempt >= 1),
    name         text not null,
    tenant       text not null,
    accepted_at  timestamptz not null,
    unique (artifact, attempt)
);

comment on table owned.merge_attempt is
    'One row a merge: an attempt at an artifact key. The unique constraint makes two replicas agree on the attempt.';
