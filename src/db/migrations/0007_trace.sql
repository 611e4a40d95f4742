-- Which trace a run belongs to, so that whoever reads the record finds what happened around it in Langfuse or Application
-- Insights. Null where neither was configured.

-- Up Migration

alter table inference_runs
  -- 32 hexadecimal digits: W3C Trace Context, trace-id.
  add column trace_id text;
