-- Dead letters by the id of their event, by which people name them, and the trace that leads to their request.

alter table projection.dead_letter add column id uuid not null unique;
alter table projection.dead_letter add column trace text;
create index dead_letter_at on projection.dead_letter (at desc, id);
