import type pg from 'pg';
import { createBatchRepository } from '../src/db/create-batch-repository.ts';
import { createPool } from '../src/db/create-pool.ts';
import { batchId } from './study-rows.ts';

const versusItems = 1000;

/** Two batches of which every item has a run. */
export const addVersusBatches = async (
  client: pg.Client,
  { url, createdAt }: { url: string; createdAt: Date },
): Promise<void> => {
  const pool = createPool({ databaseUrl: url });
  const batches = createBatchRepository({ pool });
  for (const [index, provider] of [
    [10, 'azure'],
    [11, 'openai'],
  ] as const) {
    await batches.insertBatch(
      {
        id: batchId(index),
        name: null,
        targets: [{ provider, model: 'gpt-5', parameters: {} }],
        repetitions: 1,
        shareIdentical: false,
        concurrency: 8,
        onUnknown: 'resend',
        maxCostUsd: null,
        maxTokens: null,
        maxAttempts: 5,
        deadlineMs: null,
        metadata: {},
        apiKeyId: null,
        idempotency: null,
        createdAt,
      },
      Array.from({ length: versusItems }, (_, item) => ({
        itemKey: `item-${item}`,
        messages: [{ role: 'user' as const, content: 'question' }],
        parameters: {},
        metadata: {},
        questionHash: null,
      })),
    );
    await client.query(
      `UPDATE batch_items AS i SET state = 'settled', outcome = r.outcome, settled_at = r.settled_at, run_id = r.id
       FROM (
         SELECT id, outcome, settled_at, row_number() OVER (ORDER BY created_at) - 1 AS position
         FROM inference_runs WHERE provider = $2 LIMIT $3
       ) AS r
       WHERE i.batch_id = $1 AND i.position = r.position`,
      [batchId(index), provider, versusItems],
    );
  }
  await client.query('ANALYZE batch_items');
  await batches.close();
};
