-- Search by meaning. Each distinct prompt is kept once, whoever was asked it and however often, and has one embedding a model.
--
-- Runs themselves stay as they are. What a settled run leaves is one small row, by a trigger, so that no statement that settles
-- runs can forget it; the job behind notes its prompt. Runs from before are covered in the same way, by the last line here.

-- Up Migration

create table prompts (
  id bigint generated always as identity primary key,
  -- SHA-256 of the run's prompt_text in UTF-8: the preprocessed messages, as they were sent.
  hash bytea not null unique check (octet_length(hash) = 32)
);

-- Which run asked which prompt.
create table prompt_runs (
  run_id uuid primary key references inference_runs (id) on delete cascade,
  prompt_id bigint not null references prompts (id),
  created_at timestamptz not null
);

create index prompt_runs_prompt on prompt_runs (prompt_id, created_at desc, run_id desc);

-- Settled runs of which the prompt is not noted yet. Without a key, so that no call waits for another.
create table prompt_marks (
  run_id uuid not null
);

-- What embeddings are comparable: those of one model in one length.
create table embedding_spaces (
  id integer generated always as identity primary key,
  provider text not null,
  model text not null,
  -- What the model is asked for; null: whatever it gives.
  requested_dimensions integer,
  -- What it gives: known with its first answer, and then fixed. No index goes further.
  dimensions integer check (dimensions between 1 and 4000),
  -- Prompts up to here have been queued.
  queued_to bigint not null default 0,
  -- Failures in a row of the model itself, and how long it is left alone after them.
  failure_count integer not null default 0,
  blocked_until timestamptz,
  last_failure jsonb,
  -- Part of its orchestration's id; a restart takes the next.
  generation integer not null default 0,
  -- When the orchestration last showed that it is there.
  job_seen_at timestamptz,
  created_at timestamptz not null,
  unique nulls not distinct (provider, model, requested_dimensions),
  constraint embedding_spaces_dimensions check (requested_dimensions is null or requested_dimensions = dimensions)
);

-- Vectors of length 1. They are stored outside of the row, so that a pass over the table reads little.
create table prompt_embeddings (
  space_id integer not null references embedding_spaces (id) on delete cascade,
  prompt_id bigint not null references prompts (id) on delete cascade,
  embedding vector not null,
  -- Whether the prompt was longer than the model takes, and only its beginning is embedded.
  is_truncated boolean not null,
  primary key (space_id, prompt_id)
);

-- Prompts that wait for their embedding.
create table embedding_queue (
  space_id integer not null references embedding_spaces (id) on delete cascade,
  prompt_id bigint not null references prompts (id) on delete cascade,
  -- Calls that it was part of, or was to be.
  attempts integer not null,
  -- Until then a worker has it, or it waits after a failure.
  not_before timestamptz not null,
  primary key (space_id, prompt_id)
);

create index embedding_queue_due on embedding_queue (space_id, not_before, prompt_id);

-- Prompts that a model does not embed, for a reason of their own.
create table embedding_refusals (
  space_id integer not null references embedding_spaces (id) on delete cascade,
  prompt_id bigint not null references prompts (id) on delete cascade,
  reason text not null,
  message text not null,
  refused_at timestamptz not null,
  primary key (space_id, prompt_id)
);

-- The ledger of calls to embedding models, written ahead as attempts are.
create table embedding_calls (
  id uuid primary key,
  space_id integer references embedding_spaces (id) on delete set null,
  -- For the index, or for one question of a search.
  purpose text not null check (purpose in ('index', 'query')),
  provider text not null,
  model text not null,
  input_count integer not null check (input_count >= 1),
  status text not null default 'sending' check (status in ('sending', 'settled')),
  outcome text check (outcome in (
    'ok', 'content_filtered', 'provider_error', 'timeout', 'cancelled', 'truncated', 'unknown_outcome'
  )),
  started_at timestamptz not null,
  -- Past this moment it may be declared lost.
  lease_until timestamptz not null,
  settled_at timestamptz,
  latency_ms double precision,
  http_status integer,
  error jsonb,
  -- The wait that the provider asked for.
  retry_after_ms double precision,
  provider_request_id text,
  served_model text,
  input_tokens bigint,
  cost_usd numeric check (cost_usd >= 0),
  price_id uuid,
  constraint embedding_calls_settled_has_outcome
    check ((status = 'settled') = (outcome is not null) and (status = 'settled') = (settled_at is not null))
) with (fillfactor = 70);

create index embedding_calls_lease on embedding_calls (lease_until) where status = 'sending';

create function mark_prompts() returns trigger language plpgsql as $$
begin
  insert into prompt_marks (run_id)
  select c.id from changed_runs as c
  where c.status = 'settled' and not exists (select from prompt_runs as p where p.run_id = c.id);
  return null;
end
$$;

create trigger inference_runs_inserted_prompts after insert on inference_runs
  referencing new table as changed_runs for each statement execute function mark_prompts();
create trigger inference_runs_updated_prompts after update on inference_runs
  referencing new table as changed_runs for each statement execute function mark_prompts();

-- The app may not create indexes, and a space needs one. It is made by whoever owns the tables, in the moment a space has its
-- dimensions: no vector of it exists then, so the index is ready at once, and whoever writes vectors of another space waits
-- for a pass over short rows at most.
--
-- An index of vectors ends at 2,000 dimensions, one in half precision at 4,000. Half precision is left to those that need it: it
-- halves the index, but WebAssembly, where the embedded database runs, takes ten times as long for it.
create function build_embedding_index() returns trigger language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp
  set lock_timeout = '5s'
as $$
declare
  space integer := new.id;
  length integer := new.dimensions;
  kind text := case when length <= 2000 then 'vector' else 'halfvec' end;
begin
  if tg_relid <> 'public.embedding_spaces'::regclass or tg_op = 'UPDATE' and old.dimensions is not null then
    raise exception 'dimensions of a space are set once';
  end if;
  execute format(
    'create index prompt_embeddings_space_%1$s on public.prompt_embeddings
      using hnsw ((embedding::%3$s(%2$s)) %3$s_cosine_ops) where space_id = %1$s',
    space, length, kind
  );
  return null;
end
$$;

revoke execute on function build_embedding_index() from public;

create trigger embedding_spaces_index after insert or update of dimensions on embedding_spaces
  for each row when (new.dimensions is not null) execute function build_embedding_index();

insert into prompt_marks (run_id) select id from inference_runs where status = 'settled';
