-- What a batch needs besides its items: how patient it is, the key of the request that made it, and the files that are too
-- large for one request.

-- Up Migration

alter table batches
  -- How often an item is asked before a failure that might pass is final.
  add column max_attempts integer not null default 5 check (max_attempts >= 1),
  -- How long one question may take; null: the configured default.
  add column deadline_ms integer check (deadline_ms >= 1),
  -- Hash of `Idempotency-Key` and caller, and a fingerprint of what was asked.
  add column idempotency_hash text,
  add column fingerprint text;

create unique index batches_idempotency on batches (idempotency_hash) where idempotency_hash is not null;

-- A file on its way in, part by part. The bytes are in the artifact store, as `uploads/ID/NUMBER`.
create table uploads (
  id uuid primary key,
  name text,
  content_encoding text not null check (content_encoding in ('identity', 'gzip')),
  status text not null default 'open' check (status in ('open', 'completed')),
  -- Of all parts together, as uploaded; known once it is completed.
  sha256 text,
  api_key_id uuid,
  created_at timestamptz not null,
  -- Pushed ahead by each part; past it the upload and its parts are deleted.
  expires_at timestamptz not null,
  constraint uploads_completed check ((status = 'completed') = (sha256 is not null))
);

create index uploads_expires on uploads (expires_at);

create table upload_parts (
  upload_id uuid not null references uploads (id) on delete cascade,
  part_number integer not null check (part_number >= 1),
  bytes bigint not null check (bytes >= 0),
  sha256 text not null,
  primary key (upload_id, part_number)
);
