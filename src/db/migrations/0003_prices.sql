-- What a provider charges, in USD for one million tokens, from a date on. A price is never changed: a new one takes
-- effect later, and a run keeps the id of the price it was charged by. The rows come from the dated files in
-- src/db/prices, which the migrate step adds after the migrations.

-- Up Migration

create table prices (
  id uuid primary key,
  provider text not null,
  -- '*' stands for every model of the provider that has no price of its own.
  model text not null,
  effective_from timestamptz not null,
  input_per_million numeric not null check (input_per_million >= 0),
  -- null: no separate price is known, which is not the same as free.
  cached_input_per_million numeric check (cached_input_per_million >= 0),
  output_per_million numeric not null check (output_per_million >= 0),
  reasoning_per_million numeric check (reasoning_per_million >= 0),
  -- The file that the price came from.
  source text not null,
  unique (provider, model, effective_from)
);
