-- What the app may do in its database when another role migrates it. Run by that role, in the database of the app, once; it
-- may be run again. psql: -v app='id-prod-…' -v owner='id-migrate-prod-…'
grant usage on schema public to :"app";
grant select, insert, update, delete on all tables in schema public to :"app";
grant usage, select on all sequences in schema public to :"app";
alter default privileges for role :"owner" in schema public grant select, insert, update, delete on tables to :"app";
alter default privileges for role :"owner" in schema public grant usage, select on sequences to :"app";
-- Which migrations have run is none of the app's business to change.
revoke insert, update, delete on public.pgmigrations from :"app";
-- A pooler drops the limits that the app asks for while connecting.
alter role :"app" set statement_timeout = '30s';
alter role :"app" set idle_in_transaction_session_timeout = '30s';
