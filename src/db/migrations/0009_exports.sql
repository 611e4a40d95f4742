-- Files that are made of what is recorded. An export is written part by part, and each part is committed together with the row
-- it ends behind, so that whoever takes up a broken export goes on there. The bytes are in the artifact store.

-- Up Migration

create table exports (
  -- UUID version 7, made in the app.
  id uuid primary key,
  what text not null check (what in ('runs', 'attempts', 'results')),
  format text not null check (format in ('csv', 'json', 'jsonl')),
  gzip boolean not null,
  filter jsonb not null check (jsonb_typeof(filter) = 'object'),
  status text not null default 'running' check (status in ('running', 'ready', 'failed')),
  -- Part of its orchestration's id; a restart takes the next.
  generation integer not null default 1,
  part_count integer not null default 0,
  row_count bigint not null default 0,
  bytes bigint not null default 0,
  -- The key of the last row that is written; null: none is.
  resume_after text,
  -- Of the whole file, known once it is ready.
  sha256 text,
  error text,
  api_key_id uuid,
  -- Nothing that was recorded later is part of it.
  created_at timestamptz not null,
  progressed_at timestamptz not null,
  finished_at timestamptz,
  expires_at timestamptz not null,
  constraint exports_finished check ((status = 'running') = (finished_at is null)),
  constraint exports_ready check ((status = 'ready') = (sha256 is not null))
);

create index exports_newest on exports (created_at desc, id desc);
create index exports_expires on exports (expires_at);
create index exports_running on exports (progressed_at) where status = 'running';

create table export_parts (
  export_id uuid not null references exports (id) on delete cascade,
  part_number integer not null check (part_number >= 1),
  -- In the artifact store; two workers that write the same part write two files.
  name text not null,
  bytes bigint not null check (bytes >= 0),
  primary key (export_id, part_number)
);
