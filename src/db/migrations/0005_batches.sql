-- Durable batches: the queue that workers lease from, what they may spend and how fast, and the clockwork that starts them.
-- The database is the only truth about a batch; an orchestration that vanishes takes nothing with it.
--
-- An item passes through pending, leased and settled. `settled` is only ever entered, and left, under the lock of its
-- batch's row, so that whoever settles the last item knows that it is the last.
--
-- As with runs, api_key_id and run_id have no foreign key: the check would lock one busy row once for each item.

-- Up Migration

create table batches (
  id uuid primary key,
  name text,
  status text not null default 'queued'
    check (status in ('queued', 'running', 'paused', 'cancelling', 'cancelled', 'completed')),
  -- Part of the orchestration's instance id: a restart takes the next one.
  generation integer not null default 1 check (generation >= 1),
  repetitions integer not null check (repetitions >= 1),
  share_identical boolean not null,
  concurrency integer not null check (concurrency >= 1),
  on_unknown text not null check (on_unknown in ('resend', 'missing')),
  metadata jsonb not null default '{}',
  api_key_id uuid,
  -- Fixed when the batch is made: the number of its items' rows.
  planned integer not null check (planned >= 0),
  created_at timestamptz not null,
  started_at timestamptz,
  progressed_at timestamptz not null,
  finished_at timestamptz,
  constraint batches_finished check ((finished_at is not null) = (status in ('cancelled', 'completed')))
) with (fillfactor = 50); -- progressed_at changes with every commit of answers

create index batches_newest on batches (created_at desc, id desc);
create index batches_unfinished on batches (created_at) where finished_at is null;

create table batch_targets (
  batch_id uuid not null references batches (id) on delete cascade,
  target_index integer not null check (target_index >= 0),
  provider text not null,
  model text not null,
  parameters jsonb not null default '{}',
  primary key (batch_id, target_index)
);

-- What is asked, once for all targets and repetitions.
create table batch_inputs (
  batch_id uuid not null references batches (id) on delete cascade,
  item_key text not null,
  messages jsonb not null check (jsonb_typeof(messages) = 'array'),
  parameters jsonb not null default '{}',
  metadata jsonb not null default '{}',
  primary key (batch_id, item_key)
);

create table batch_items (
  batch_id uuid not null references batches (id) on delete cascade,
  -- From 0, in the order of the input.
  position integer not null check (position >= 0),
  item_key text not null,
  target_index integer not null,
  repetition integer not null check (repetition >= 0),
  state text not null default 'pending' check (state in ('pending', 'leased', 'settled')),
  -- Always set, so that one index gives what is ready, and the next moment at which something is.
  not_before timestamptz not null default '-infinity',
  lease_until timestamptz,
  lease_token uuid,
  -- Whether a run was committed under this lease: from then on the run's own lease counts.
  begun boolean not null default false,
  attempts integer not null default 0,
  -- The latest run. Also the fence: only the settlement of this run may settle the item.
  run_id uuid,
  outcome text check (outcome in (
    'ok', 'content_filtered', 'refused', 'truncated', 'provider_error',
    'timeout', 'cancelled', 'budget_skipped', 'unknown_outcome'
  )),
  detail text,
  -- Position of the identical item that is asked in its place.
  shared_from integer,
  settled_at timestamptz,
  primary key (batch_id, position),
  unique (batch_id, item_key, target_index, repetition),
  constraint batch_items_settled_has_outcome
    check ((state = 'settled') = (outcome is not null) and (state = 'settled') = (settled_at is not null)),
  constraint batch_items_leased_has_lease
    check ((state = 'leased') = (lease_until is not null) and (state = 'leased') = (lease_token is not null))
) with (fillfactor = 70); -- beginning an item leaves its indexes alone when there is room on its page

create index batch_items_ready on batch_items (batch_id, target_index, not_before, position)
  where state = 'pending' and shared_from is null;
create index batch_items_leased on batch_items (batch_id, lease_until) where state = 'leased';
create index batch_items_shared on batch_items (batch_id, shared_from) where shared_from is not null;

-- What a batch or a key may spend. `spent + reserved` never exceeds a cap, because every call reserves its upper bound first.
create table budgets (
  -- That of the batch or key it belongs to.
  id uuid primary key,
  owner text not null check (owner in ('batch', 'api_key')),
  -- null: no cap of this kind.
  cap_usd numeric check (cap_usd >= 0),
  cap_tokens bigint check (cap_tokens >= 0),
  spent_usd numeric not null default 0,
  reserved_usd numeric not null default 0 check (reserved_usd >= 0),
  spent_tokens bigint not null default 0,
  reserved_tokens bigint not null default 0 check (reserved_tokens >= 0)
) with (fillfactor = 50);

create table reservations (
  -- The run it is for; reserved before that run exists.
  run_id uuid not null,
  budget_id uuid not null references budgets (id) on delete cascade,
  usd numeric not null check (usd >= 0),
  tokens bigint not null check (tokens >= 0),
  -- Whether the question may have been sent: then an unknown outcome spends all of it, otherwise expiry frees it.
  sent boolean not null default false,
  expires_at timestamptz not null,
  settled_at timestamptz,
  -- Spent in full because nobody knows; a late answer corrects it.
  unknown boolean not null default false,
  spent_usd numeric,
  spent_tokens bigint,
  primary key (run_id, budget_id)
) with (fillfactor = 70);

create index reservations_budget on reservations (budget_id);
create index reservations_open on reservations (expires_at) where settled_at is null;

-- How fast a provider may be asked, over all workers: the theoretical arrival times of the generic cell rate algorithm.
create table rate_limits (
  provider text primary key,
  requests_at timestamptz not null default '-infinity',
  tokens_at timestamptz not null default '-infinity',
  -- Share of the configured limits after it refused a call as one too many; grows back to 1 with time.
  factor double precision not null default 1 check (factor > 0 and factor <= 1),
  slowed_at timestamptz,
  -- It is not asked at all before this moment.
  blocked_until timestamptz not null default '-infinity'
) with (fillfactor = 50);

-- Calls at once: each worker holds some of a provider's slots until it gives them back or is not heard of any more.
create table provider_slots (
  provider text not null references rate_limits (provider),
  holder uuid not null,
  wanted integer not null check (wanted >= 0),
  slots integer not null check (slots >= 0),
  expires_at timestamptz not null,
  primary key (provider, holder)
);

create table schedules (
  id uuid primary key,
  name text not null,
  cron text not null,
  time_zone text not null,
  -- The batch to start, as a caller would post it.
  batch jsonb not null,
  overlap text not null check (overlap in ('skip', 'queue', 'allow')),
  catch_up text not null check (catch_up in ('none', 'latest', 'all')),
  enabled boolean not null,
  api_key_id uuid,
  next_fire_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz
);

create index schedules_newest on schedules (created_at desc, id desc) where deleted_at is null;
create index schedules_due on schedules (next_fire_at) where enabled and deleted_at is null;

-- One row for each planned firing, whatever became of it: firing twice is refused by its key.
create table schedule_firings (
  schedule_id uuid not null references schedules (id) on delete cascade,
  fire_time timestamptz not null,
  status text not null check (status in ('started', 'late', 'queued', 'skipped')),
  detail text,
  batch_id uuid references batches (id) on delete set null,
  decided_at timestamptz not null,
  primary key (schedule_id, fire_time)
);

create index schedule_firings_batch on schedule_firings (batch_id);
create index schedule_firings_queued on schedule_firings (schedule_id, fire_time) where status = 'queued';

-- When the minute's work was last taken up, by whichever process.
create table ticks (
  name text primary key,
  last_at timestamptz not null
);
