-- Everything here is derived from the topics and can be dropped (drop schema projection cascade) at any time: the
-- service makes it anew when it starts and reads the topics from their beginning. A change of this schema is a change
-- of this file: the service notices that the checksum differs and rebuilds.

-- Where each partition is to be read on: written in the transaction that applied the records before it.
create table projection.position (
    topic        text not null,
    partition    integer not null,
    next_offset  bigint not null,
    primary key (topic, partition)
);

-- Events that were applied: a redelivered one changes nothing.
create table projection.inbox (
    event        uuid primary key,
    applied_at   timestamptz not null default now()
);
create index inbox_applied_at on projection.inbox (applied_at);

create table projection.merge (
    id                   uuid primary key,
    artifact             text,
    attempt              integer,
    name                 text,
    method               text,
    pinned               text,
    tenant               text,
    benchmarks           text[] not null default '{}',
    state                text not null default 'requested'
        check (state in ('requested', 'running', 'completed', 'failed', 'cancelled')),
    requested_at         timestamptz,
    planned_at           timestamptz,
    finished_at          timestamptz,
    plan                 text,
    chunks               integer not null default 0,
    chunks_done          integer not null default 0,
    chunks_retried       integer not null default 0,
    chunks_seen          integer not null default 0,
    bytes_to_read        bigint not null default 0,
    bytes_to_write       bigint not null default 0,
    bytes_read           bigint not null default 0,
    bytes_written        bigint not null default 0,
    cancellation_at      timestamptz,
    cancellation_by      text,
    cancellation_reason  text,
    error_code           text,
    error_message        text,
    last_event           integer not null default 0
);
create index merge_requested_at on projection.merge (requested_at desc, id);
create index merge_artifact on projection.merge (artifact, attempt);
create index merge_open on projection.merge (state) where state in ('requested', 'running');

-- What watchers of a merge are told, numbered per merge under the merge's row lock.
create table projection.merge_event (
    merge        uuid not null references projection.merge,
    number       integer not null,
    type         text not null,
    at           timestamptz not null,
    data         jsonb not null,
    primary key (merge, number)
);

create table projection.chunk (
    merge        uuid not null references projection.merge,
    index        integer not null,
    state        text not null check (state in ('completed', 'failed')),
    attempts     integer not null default 1,
    worker       text,
    sha256       text,
    length       bigint,
    bytes_read   bigint,
    milliseconds bigint,
    reused       boolean not null default false,
    error_code   text,
    error_message text,
    at           timestamptz not null,
    primary key (merge, index)
);

create table projection.artifact (
    id               text primary key,
    merge            uuid not null,
    name             text not null,
    method           text,
    location         text not null,
    manifest_sha256  text not null,
    bytes            bigint not null,
    benchmarks       text[] not null default '{}',
    completed_at     timestamptz not null
);
create index artifact_completed_at on projection.artifact (completed_at desc, id);

-- The models of an artifact, the artifact itself included: what lineage and leaderboard are drawn from.
create table projection.artifact_model (
    artifact     text not null references projection.artifact,
    position     integer not null,
    role         text not null check (role in ('ARTIFACT', 'PARENT', 'BASE')),
    name         text not null,
    identity     text not null,
    location     text not null,
    primary key (artifact, position)
);
create index artifact_model_identity on projection.artifact_model (identity);
create index artifact_model_location on projection.artifact_model (location);

create table projection.score (
    model_identity   text not null,
    task             text not null,
    task_digest      text not null,
    model_name       text not null,
    role             text not null,
    artifact         text,
    evaluation       text not null,
    questions        integer not null,
    primary_metric   text not null,
    metrics          jsonb not null,
    standard_errors  jsonb not null,
    chance           double precision not null,
    floor            double precision not null,
    limited          boolean not null,
    engine           text,
    recorded_at      timestamptz not null,
    primary key (model_identity, task, task_digest)
);

create table projection.comparison (
    artifact         text not null,
    parent_identity  text not null,
    task             text not null,
    metric           text not null,
    parent_name      text not null,
    questions        integer not null,
    difference       double precision not null,
    standard_error   double precision not null,
    low              double precision not null,
    high             double precision not null,
    better           integer not null,
    worse            integer not null,
    p_value          double precision not null,
    verdict          text not null,
    recorded_at      timestamptz not null,
    primary key (artifact, parent_identity, task, metric)
);

create table projection.evaluation (
    id            text primary key,
    artifact      text,
    state         text not null default 'running'
        check (state in ('running', 'completed', 'failed', 'cancelled')),
    started_at    timestamptz,
    finished_at   timestamptz,
    error_code    text,
    error_message text
);
create index evaluation_artifact on projection.evaluation (artifact);

-- How many questions of a task a model has been asked; `total` is the whole task's.
create table projection.evaluation_slice (
    evaluation      text not null,
    model_identity  text not null,
    task            text not null,
    first_question  integer not null,
    total           integer not null,
    questions       integer not null default 0,
    requested_at    timestamptz,
    primary key (evaluation, model_identity, task, first_question)
);

create table projection.dead_letter (
    topic        text not null,
    partition    integer not null,
    record_offset bigint not null,
    record_key   text,
    type         text,
    code         text not null,
    reason       text not null,
    merge        text,
    value        text,
    reported_by  text,
    at           timestamptz not null,
    primary key (topic, partition, record_offset)
);
