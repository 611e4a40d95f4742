-- Who may call. A key's secret is never stored: `hash` is its SHA-256, `prefix` its first characters, so that a person
-- can tell keys apart. Keys are revoked, never deleted: runs go on naming the key they were made with.

-- Up Migration

create table api_keys (
  id uuid primary key,
  hash bytea not null unique check (octet_length(hash) = 32),
  prefix text not null,
  owner text not null,
  scopes text[] not null
    check (cardinality(scopes) > 0)
    check (scopes <@ array['inference:write', 'batch:write', 'study:read', 'admin']),
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  -- The key that this one was made to replace.
  rotated_from uuid references api_keys (id)
);

create index api_keys_newest on api_keys (created_at desc, id desc);

-- A browser's session, opened with a key. The token is stored as SHA-256 only, as keys are.
create table sessions (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  api_key_id uuid not null references api_keys (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

-- Revoking a key ends its sessions.
create index sessions_api_key on sessions (api_key_id);
create index sessions_expires_at on sessions (expires_at);
