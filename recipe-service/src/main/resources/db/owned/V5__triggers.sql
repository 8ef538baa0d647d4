-- Triggers: recipes with a condition. What fires, what came of it, and who is to be told. Owned: it cannot be rebuilt.

create table owned.trigger (
    id                uuid primary key,
    name              text not null,
    tenant            text not null,
    recipe            text not null,
    -- What the order has beside the recipe: benchmarks, seed, shardSize, strict.
    options           jsonb not null,
    condition         jsonb not null,
    notification      jsonb,
    debounce_seconds  integer not null check (debounce_seconds >= 0),
    created_at        timestamptz not null,
    -- When the schedule is due or the models are looked at again; null if neither is to happen.
    next_check_at     timestamptz,
    -- The key of what the recipe made when it was last looked at: another key means that a parent changed.
    seen_artifact     text,
    last_artifact     text,
    last_score        double precision
);
create index trigger_due on owned.trigger (next_check_at) where next_check_at is not null;

create table owned.trigger_firing (
    id                uuid primary key,
    trigger           uuid not null references owned.trigger on delete cascade,
    cause             text not null,
    causes            integer not null default 1,
    state             text not null check (state in
                          ('waiting', 'started', 'unchanged', 'refused', 'completed', 'failed', 'cancelled')),
    noticed_at        timestamptz not null,
    -- Waiting: when it is started. Started: when it is looked at next.
    due_at            timestamptz not null,
    merge             uuid,
    artifact          text,
    score             double precision,
    previous_artifact text,
    previous_score    double precision,
    difference        double precision,
    verdict           text,
    message           text,
    finished_at       timestamptz
);
create index trigger_firing_of on owned.trigger_firing (trigger, noticed_at desc);
create index trigger_firing_due on owned.trigger_firing (due_at) where state in ('waiting', 'started');
-- Debouncing: causes that come while one waits join it.
create unique index trigger_firing_waiting on owned.trigger_firing (trigger) where state = 'waiting';

-- Incoming events that were taken, so that a redelivery, or another replica, does not fire again.
create table owned.trigger_cause (
    trigger     uuid not null references owned.trigger on delete cascade,
    key         text not null,
    noticed_at  timestamptz not null,
    primary key (trigger, key)
);
create index trigger_cause_noticed on owned.trigger_cause (noticed_at);

-- Messages that are to be sent, written in the transaction of what they tell.
create table owned.trigger_message (
    id            text primary key,
    trigger       uuid not null references owned.trigger on delete cascade,
    type          text not null,
    body          text not null,
    target        text not null check (target in ('http', 'kafka')),
    state         text not null default 'waiting' check (state in ('waiting', 'sent', 'given-up')),
    attempts      integer not null default 0,
    due_at        timestamptz not null,
    error         text,
    created_at    timestamptz not null
);
create index trigger_message_due on owned.trigger_message (due_at) where state = 'waiting';
