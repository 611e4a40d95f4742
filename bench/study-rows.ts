import { createHash } from 'node:crypto';
import type pg from 'pg';
import { createRandomStream } from '../src/statistics/random-stream.ts';
import { progress } from './benchmark.ts';
import { copyRows, copyValue } from './copy-rows.ts';

export const days = 90;
const dayMs = 86_400_000;
const rowsPerCopy = 5000;

export const targets = [
  ['azure', 'gpt-5', 'gpt-5-2026-02-01', 900],
  ['azure', 'gpt-5-mini', 'gpt-5-mini-2026-02-01', 400],
  ['openai', 'gpt-5', 'gpt-5-2026-02-01', 1000],
  ['openai', 'gpt-5-mini', 'gpt-5-mini-2026-02-01', 450],
  ['hyperbolic', 'llama-4', null, 700],
  ['local', 'mistral-small', 'mistral-small-24', 1500],
] as const;
export const batchCount = 200;
const words = Array.from({ length: 3000 }, (_, index) => `w${index.toString(36)}x`);
/** A word that about one prompt in 200 has. */
export const rareWord = 'zirconium';

const idOf = (text: string) => {
  const hash = createHash('sha256').update(text).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-7${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
};
export const batchId = (index: number) => idOf(`batch ${index}`);

const columns =
  'id, status, outcome, provider, model, served_model, messages, prompt_text, answer_text, finish_reason, parameters, metadata, ' +
  'request_hash, input_tokens, output_tokens, reasoning_tokens, usage_estimated, cost_usd, latency_ms, batch_id, created_at, ' +
  'lease_until, settled_at';

const rowOf = (index: number, endOfStudy: number, random: () => number): string => {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const text = (count: number) => Array.from({ length: count }, () => pick(words)).join(' ');
  const createdAt = endOfStudy - Math.floor(random() * days * dayMs);
  const [provider, model, served, typicalMs] = pick(targets);
  const chance = random();
  const outcome =
    chance > 0.06
      ? 'ok'
      : chance > 0.04
        ? 'truncated'
        : chance > 0.02
          ? 'provider_error'
          : chance > 0.01
            ? 'timeout'
            : 'content_filtered';
  const isAnswered = outcome !== 'provider_error' && outcome !== 'timeout';
  // A batch is asked within half a day.
  const isInBatch = random() < 0.5;
  const batch = Math.floor(((createdAt - (endOfStudy - days * dayMs)) / (days * dayMs)) * batchCount);
  const prompt = `${text(12)}${random() < 0.005 ? ` ${rareWord}` : ''}`;
  // About log-normal, with a heavy tail.
  const latencyMs =
    typicalMs * Math.exp((random() + random() + random() - 1.5) * 1.2) * (random() < 0.01 ? 8 : 1);
  const outputTokens = Math.ceil(Math.exp(random() * 6));
  const created = new Date(createdAt).toISOString();
  const settled = new Date(createdAt + latencyMs).toISOString();
  return [
    idOf(`run ${index}`),
    'settled',
    outcome,
    provider,
    model,
    isAnswered ? served : null,
    JSON.stringify([{ role: 'user', content: prompt }]),
    prompt,
    isAnswered ? text(20) : null,
    isAnswered ? 'stop' : null,
    '{}',
    random() < 0.5
      ? JSON.stringify({ study: `s${Math.floor(random() * 100)}`, stage: pick(['a', 'b', 'c']) })
      : '{}',
    'a'.repeat(64),
    isAnswered ? Math.ceil(Math.exp(3 + random() * 5)) : null,
    isAnswered ? outputTokens : null,
    isAnswered ? 0 : null,
    isAnswered ? 'f' : null,
    isAnswered ? (outputTokens * 0.00001 + random() * 0.001).toFixed(8) : null,
    latencyMs.toFixed(3),
    isInBatch ? batchId(Math.min(batch, batchCount - 1)) : null,
    created,
    settled,
    settled,
  ]
    .map(copyValue)
    .join('\t');
};

/** Adds runs numbered from `from` by COPY, without triggers and with all indexes but the primary key made afterwards. */
export const copyStudyRuns = async (
  client: pg.Client,
  { from, to, endOfStudy }: { from: number; to: number; endOfStudy: number },
): Promise<void> => {
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(`
    SELECT c.relname AS name, pg_get_indexdef(x.indexrelid) AS definition
    FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid
    WHERE x.indrelid = 'inference_runs'::regclass AND NOT x.indisprimary`);
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  await client.query('ALTER TABLE inference_runs DISABLE TRIGGER USER');
  const random = createRandomStream(from + 1);
  for (let start = from; start < to; start += rowsPerCopy) {
    const chunk = Array.from({ length: Math.min(rowsPerCopy, to - start) }, (_, index) =>
      rowOf(start + index, endOfStudy, random),
    );
    await copyRows(client, `COPY inference_runs (${columns}) FROM STDIN`, `${chunk.join('\n')}\n`);
    if ((start - from) % 100_000 === 0) progress(`study: ${start - from} rows copied`);
  }
  await client.query('ALTER TABLE inference_runs ENABLE TRIGGER USER');
  await client.query("SET maintenance_work_mem = '512MB'");
  for (const { name, definition } of indexes) {
    await client.query(definition);
    progress(`study: index ${name}`);
  }
  await client.query(
    "INSERT INTO rollup_changes SELECT DISTINCT date_trunc('hour', created_at, 'UTC') FROM inference_runs",
  );
  await client.query('VACUUM ANALYZE inference_runs');
};
