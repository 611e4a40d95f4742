-- Exports of figures of the study, and of results in the form of OpenAI's batch output. Figures are asked for by more than the
-- filter that every list has: that is `options`.

-- Up Migration

alter table exports
  drop constraint exports_what_check,
  add constraint exports_what_check
    check (what in ('runs', 'attempts', 'results', 'comparison', 'timeseries', 'distribution')),
  drop constraint exports_format_check,
  add constraint exports_format_check check (format in ('csv', 'json', 'jsonl', 'openai')),
  add column options jsonb not null default '{}' check (jsonb_typeof(options) = 'object');
