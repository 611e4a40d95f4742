-- Answers that are heard while they come: how long their first word took, and somebody's wish to stop one, which any
-- instance may write and the one that streams reads.

-- Up Migration

alter table inference_runs
  -- Only such a call can be stopped.
  add column streamed boolean not null default false,
  -- Without what the run waited for its turn, as latency_ms.
  add column first_token_ms double precision,
  add column cancel_requested_at timestamptz;

alter table inference_attempts
  add column first_token_ms double precision;
