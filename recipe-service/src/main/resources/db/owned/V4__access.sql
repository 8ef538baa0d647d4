-- Who may do what, what belongs to whom, how much of it there may be, and who changed what.

-- Keys are random and long; only their digests are here, so that a copy of the database opens nothing.
create table owned.api_key (
    id          text primary key,
    sha256      bytea not null,
    name        text not null,
    tenant      text not null,
    roles       text[] not null,
    created_at  timestamptz not null,
    created_by  text not null,
    expires_at  timestamptz,
    revoked_at  timestamptz
);
create index api_key_created_at on owned.api_key (created_at desc, id);

-- An artifact is its content: two tenants that order the same recipe get the same one, each under its own name. A tenant
-- sees the merges and artifacts that it has ordered, and no others.
create table owned.artifact_grant (
    tenant      text not null,
    artifact    text not null,
    name        text not null,
    bytes       bigint not null default 0,
    granted_at  timestamptz not null,
    primary key (tenant, artifact)
);
create index artifact_grant_artifact on owned.artifact_grant (artifact);

insert into owned.artifact_grant (tenant, artifact, name, granted_at)
    select distinct on (tenant, artifact) tenant, artifact, name, accepted_at from owned.merge_attempt
    where tenant <> '' order by tenant, artifact, attempt desc;

-- What a tenant may have that differs from the service's settings; null where it does not.
create table owned.tenant_quota (
    tenant               text primary key,
    bytes                bigint check (bytes >= 0),
    merges               integer check (merges >= 0),
    requests_per_minute  integer check (requests_per_minute > 0),
    changed_at           timestamptz not null,
    changed_by           text not null
);

-- Written before a change is made, and completed with its outcome: no change is without its row.
create table owned.audit (
    id       bigint generated always as identity primary key,
    at       timestamptz not null,
    actor    text not null,
    tenant   text,
    address  text not null,
    action   text not null,
    subject  text not null,
    trace    text,
    status   integer,
    ended_at timestamptz
);
create index audit_at on owned.audit (at desc);

comment on column owned.audit.status is 'HTTP status of the answer; null while it runs, or if the process died meanwhile.';
