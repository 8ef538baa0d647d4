-- Artifacts that were deleted: their scores, which come by another topic, are told of no more.
create table projection.deleted_artifact (
    artifact     text primary key,
    deleted_at   timestamptz not null
);
