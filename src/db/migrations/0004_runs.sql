-- The ledger of every question. A run and its first attempt are committed as `sending` before the socket to the provider
-- opens, and settled afterwards: whatever dies in between leaves a row that says so.
--
-- Each run is written twice, so its indexes are kept few and late: those that are costly to maintain (full text,
-- trigrams) and those on what only a settled run has leave out rows that are still `sending`.
--
-- api_key_id and price_id have no foreign key on purpose. No statement deletes keys or prices, and the check would lock the
-- one row of a busy key or a popular model once for each run.

-- Up Migration

create table inference_runs (
  -- UUID version 7, made in the app.
  id uuid primary key,
  status text not null default 'sending' check (status in ('sending', 'settled')),
  outcome text check (outcome in (
    'ok', 'content_filtered', 'refused', 'truncated', 'provider_error',
    'timeout', 'cancelled', 'budget_skipped', 'unknown_outcome'
  )),
  -- Closer cause of the outcome, such as 'reasoning_exhausted'.
  detail text,
  provider text not null,
  model text not null,
  -- What answered, where the provider says so; may differ from what was asked for.
  served_model text,
  messages jsonb not null check (jsonb_typeof(messages) = 'array'),
  -- As the caller gave them, where preprocessing changed anything.
  original_messages jsonb,
  -- The messages' texts in a line each, cut after 50,000 characters: what search looks at.
  prompt_text text not null,
  answer_text text,
  finish_reason text,
  parameters jsonb not null,
  preprocessing jsonb,
  metadata jsonb not null default '{}',
  -- SHA-256 (hex) of provider, model, messages and parameters.
  request_hash text not null,
  input_tokens bigint,
  cached_input_tokens bigint,
  output_tokens bigint,
  reasoning_tokens bigint,
  -- true: counted by us because the provider reported nothing; null: no usage is known at all.
  usage_estimated boolean,
  cost_usd numeric check (cost_usd >= 0),
  price_id uuid,
  latency_ms double precision,
  attempt_count integer not null default 1,
  error jsonb,
  content_filter jsonb,
  provider_request_id text,
  system_fingerprint text,
  -- What was asked is not quite `parameters`: the model refuses these.
  omitted_parameters jsonb,
  request_id text,
  api_key_id uuid,
  batch_id uuid,
  created_at timestamptz not null,
  -- Past this moment the sweep may declare a `sending` run lost.
  lease_until timestamptz not null,
  settled_at timestamptz,
  -- When the sweep gave the run up. Its own late answer may still settle it.
  swept_at timestamptz,
  -- A tsvector ends at 1 MB; 50,000 characters of each text stay below it whatever they hold.
  search_vector tsvector generated always as (
    to_tsvector('simple', left(prompt_text, 50000) || ' ' || left(coalesce(answer_text, ''), 50000))
  ) stored,
  constraint inference_runs_settled_has_outcome
    check ((status = 'settled') = (outcome is not null) and (status = 'settled') = (settled_at is not null))
);

-- Keyset pages, newest first: of everything, of a provider (and model), of an outcome, of a batch.
create index inference_runs_newest on inference_runs (created_at desc, id desc);
create index inference_runs_provider_model on inference_runs (provider, model, created_at desc, id desc);
create index inference_runs_model on inference_runs (model, created_at desc, id desc);
create index inference_runs_outcome on inference_runs (outcome, created_at desc, id desc) where outcome is not null;
create index inference_runs_batch on inference_runs (batch_id, created_at desc, id desc) where batch_id is not null;
create index inference_runs_metadata on inference_runs using gin (metadata jsonb_path_ops) where metadata <> '{}';
create index inference_runs_search on inference_runs using gin (search_vector) where status = 'settled';
create index inference_runs_prompt_trigrams on inference_runs
  using gin (left(prompt_text, 2000) gin_trgm_ops) where status = 'settled';
create index inference_runs_lease on inference_runs (lease_until) where status = 'sending';

create table inference_attempts (
  id uuid primary key,
  run_id uuid not null references inference_runs (id) on delete cascade,
  attempt_number integer not null check (attempt_number >= 1),
  status text not null default 'sending' check (status in ('sending', 'settled')),
  outcome text check (outcome in (
    'ok', 'content_filtered', 'refused', 'truncated', 'provider_error',
    'timeout', 'cancelled', 'budget_skipped', 'unknown_outcome'
  )),
  started_at timestamptz not null,
  settled_at timestamptz,
  latency_ms double precision,
  http_status integer,
  error jsonb,
  -- The wait that the provider asked for.
  retry_after_ms double precision,
  provider_request_id text,
  served_model text,
  input_tokens bigint,
  cached_input_tokens bigint,
  output_tokens bigint,
  reasoning_tokens bigint,
  usage_estimated boolean,
  cost_usd numeric check (cost_usd >= 0),
  rate_limit jsonb,
  -- The provider's answer or error body, as it came.
  raw jsonb,
  swept_at timestamptz,
  unique (run_id, attempt_number),
  constraint inference_attempts_settled_has_outcome
    check ((status = 'settled') = (outcome is not null) and (status = 'settled') = (settled_at is not null))
) with (fillfactor = 70); -- room for the settled row on the same page, so that its indexes are left alone

-- One question for one `Idempotency-Key`: the hash of key and caller, and a fingerprint of what was asked.
create table idempotency_keys (
  key_hash text primary key,
  fingerprint text not null,
  inference_id uuid not null references inference_runs (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create index idempotency_keys_inference on idempotency_keys (inference_id);
create index idempotency_keys_expires_at on idempotency_keys (expires_at);
