-- How often an artifact has been ordered to be evaluated: an evaluation that failed can be ordered again as it was.
alter table projection.artifact add column evaluation_attempt integer not null default 1;
