import type pg from 'pg';

const rowsAtOnce = 50_000;

/** Runs with their attempts as a study leaves them, about 1 KB each; every tenth failed, every hundredth holds odd text. */
export const fillRuns = async (
  client: pg.Client,
  count: number,
  onProgress: (done: number) => void,
): Promise<void> => {
  // Filling them would take ten times as long as all the rest, and a file without a search reads none of them.
  await client.query(
    'drop index inference_runs_search, inference_runs_prompt_trigrams, inference_runs_metadata',
  );
  for (let from = 0; from < count; from += rowsAtOnce) {
    await client.query(
      `insert into inference_runs (
        id, status, outcome, provider, model, served_model, messages, prompt_text, answer_text, finish_reason,
        parameters, metadata, request_hash, input_tokens, output_tokens, usage_estimated, cost_usd, latency_ms,
        error, request_id, created_at, lease_until, settled_at
      )
      select
        gen_random_uuid(), 'settled', case when n % 10 = 0 then 'provider_error' else 'ok' end, 'echo',
        'model-' || n % 7, 'model-' || n % 7 || '-2026',
        jsonb_build_array(
          jsonb_build_object('role', 'system', 'content', 'Answer in one sentence.'),
          jsonb_build_object('role', 'user', 'content', prompt)
        ),
        prompt, case when n % 10 = 0 then null else answer end, 'stop', '{"temperature": 0, "maxOutputTokens": 200}',
        jsonb_build_object('study', 'bench', 'item', n), md5(n::text), 100 + n % 50, 80 + n % 90, false,
        (n % 1000) / 1000000.0, 200 + n % 800,
        case when n % 10 = 0 then '{"code": "overloaded", "message": "try again, later", "retryable": true}'::jsonb end,
        'request-' || n, timestamptz '2026-01-01' + n * interval '1 second',
        timestamptz '2026-01-02' + n * interval '1 second', timestamptz '2026-01-01 00:00:01' + n * interval '1 second'
      from (
        select
          n,
          'Question ' || n || ': what is the capital of country ' || md5(n::text) || ', and since when?' as prompt,
          case when n % 100 = 1 then '=1+1, "quoted"' || E'\\n' else '' end
            || repeat('The capital of the country ' || md5((n + 1)::text) || ' is a city. ', 5) as answer
        from generate_series($1::int, $2::int) as n
      ) as generated`,
      [from, Math.min(count, from + rowsAtOnce) - 1],
    );
    onProgress(Math.min(count, from + rowsAtOnce));
  }
  await client.query('vacuum (analyze) inference_runs');
};
