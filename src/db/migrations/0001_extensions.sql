-- pg_trgm finds parts of words in prompts; vector holds embeddings. Both are made here, once, because on a managed
-- server an extension has to be allowed by the operator first: a database that refuses them must say so at the first
-- step, before a table exists.

-- Up Migration

create extension if not exists pg_trgm;
create extension if not exists vector;
