-- Who answered a slice of questions and how long it took: what the page of workers shows of eval-workers.
alter table projection.evaluation_slice
    add column worker       text,
    add column milliseconds bigint,
    add column answered_at  timestamptz;
