-- Figures of runs, added up by hour, day and week, so that a study of a million runs reads some thousand rows. They are
-- never written in the transaction of a call: what a call leaves is one small row that names its hour, by a trigger, so that
-- no statement that changes a run can forget it. The roller takes such rows and adds the hour up anew, in one transaction.

-- Up Migration

create table run_rollups (
  level text not null check (level in ('hour', 'day', 'week')),
  -- In UTC; weeks begin on Monday.
  bucket_start timestamptz not null,
  provider text not null,
  model text not null,
  served_model text,
  -- null: still being sent.
  outcome text,
  -- Every run is counted twice: once by its batch, once whatever its batch, because most questions don't ask for it.
  by_batch boolean not null,
  batch_id uuid,
  -- What is known of the runs' usage: 1 input and output, 2 cached input, 4 reasoning, 8 cost.
  usage_class smallint not null,
  run_count bigint not null,
  -- Sums over what is known; null: nothing is.
  input_tokens bigint,
  cached_input_tokens bigint,
  output_tokens bigint,
  reasoning_tokens bigint,
  cost_usd numeric,
  latency_count bigint not null,
  latency_ms numeric,
  latency_ms_squares numeric,
  first_token_count bigint not null,
  first_token_ms numeric,
  first_token_ms_squares numeric,
  -- Of the runs with known output and latency: their quotient is a speed.
  timed_output_tokens bigint,
  timed_latency_ms numeric,
  -- How values are distributed: bucket (int2) and count (int4), one behind the other. Two of them are merged by being joined.
  latency_histogram bytea,
  first_token_histogram bytea,
  input_tokens_histogram bytea,
  output_tokens_histogram bytea,
  cost_usd_histogram bytea,
  unique nulls not distinct (level, bucket_start, provider, model, served_model, outcome, by_batch, batch_id, usage_class)
);

create index run_rollups_batch on run_rollups (batch_id, level, bucket_start) where batch_id is not null;

-- Hours in which something changed since they were last added up; a row for each statement that changed something there.
-- Without a key, so that no call waits for another.
create table rollup_changes (
  hour timestamptz not null
);

create function mark_rollup_hours() returns trigger language plpgsql as $$
begin
  insert into rollup_changes (hour) select distinct date_trunc('hour', created_at, 'UTC') from changed_runs;
  return null;
end
$$;

create trigger inference_runs_inserted after insert on inference_runs
  referencing new table as changed_runs for each statement execute function mark_rollup_hours();
create trigger inference_runs_updated after update on inference_runs
  referencing new table as changed_runs for each statement execute function mark_rollup_hours();
create trigger inference_runs_deleted after delete on inference_runs
  referencing old table as changed_runs for each statement execute function mark_rollup_hours();

insert into rollup_changes (hour) select distinct date_trunc('hour', created_at, 'UTC') from inference_runs;
