-- A browser's session may also be opened with an Entra token. It has no key whose row says what it may do and until when, so
-- it keeps what the token said. A table of its own, so that an older version of the app goes on reading `sessions`.

-- Up Migration

create table entra_sessions (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  -- Tenant and object: lasting and unique.
  caller_id text not null,
  owner text not null,
  scopes text[] not null
    check (cardinality(scopes) > 0)
    check (scopes <@ array['inference:write', 'batch:write', 'study:read', 'admin']),
  -- Of the rules by which the token was accepted; under other rules the session is none.
  rules_hash bytea not null check (octet_length(rules_hash) = 32),
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create index entra_sessions_expires_at on entra_sessions (expires_at);
