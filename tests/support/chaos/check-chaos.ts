import { Decimal } from 'decimal.js';
import { BatchDetail, BatchReconciliation } from '../../../src/contract/batch.ts';
import type { ChaosDatabase } from './chaos-database.ts';
import type { ChaosHost } from './chaos-host.ts';
import type { ChaosCall } from './chaos-provider.ts';

export type ChaosVerdict = {
  planned: number;
  /** Calls that arrived at the provider, and attempts in the record: all, sent ones, and those nobody knows the end of. */
  calls: number;
  attempts: number;
  sent: number;
  unknown: number;
  outcomes: Record<string, number>;
  generations: number;
  /** What does not hold; empty when all is well. */
  faults: string[];
};

type AttemptRow = { question: string; outcome: string | null; error: { message: string } | null };
type ItemRow = { state: string; outcome: string | null; count: number };

/** Attempts that ended before their call left, by what they say of themselves. */
const neverSent = /it was not sent|before the question could be sent/;

/**
 * What must be true of a batch that has come through whatever happened to it. `retries`: failed calls are asked again, so the
 * calls to a question are its attempts that were sent; otherwise it is called once, and once more for each unknown end.
 */
export const checkChaos = async (
  { host, database, calls }: { host: ChaosHost; database: ChaosDatabase; calls: readonly ChaosCall[] },
  id: string,
  { retries, planned }: { retries: boolean; planned: number },
): Promise<ChaosVerdict> => {
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  const batch = BatchDetail.parse(await host.call('GET', `/api/v1/batches/${id}`));
  const reconciliation = BatchReconciliation.parse(await host.call('GET', `/api/v1/batches/${id}/reconcile`));
  const items = await database.query<ItemRow>(
    'select state, outcome, count(*)::int as count from batch_items where batch_id = $1 group by 1, 2',
    [id],
  );
  const attempts = await database.query<AttemptRow>(
    `select r.metadata ->> 'question' as question, a.outcome, a.error
     from inference_runs as r join inference_attempts as a on a.run_id = r.id
     where r.batch_id = $1`,
    [id],
  );
  const [runs] = await database.query<{ count: number; sending: number; cost: string }>(
    `select count(*)::int as count, (count(*) filter (where status = 'sending'))::int as sending,
       coalesce(sum(cost_usd), 0)::text as cost
     from inference_runs where batch_id = $1`,
    [id],
  );

  expect(batch.status === 'completed', `the batch is ${batch.status}`);
  expect(batch.planned === planned, `${batch.planned} items are planned, not ${planned}`);
  const rows = items.reduce((sum, { count }) => sum + count, 0);
  expect(rows === planned, `${rows} items, planned ${planned}`);
  expect(
    items.every(({ state }) => state === 'settled'),
    `items are not settled: ${JSON.stringify(items)}`,
  );
  const headline = Object.entries(batch.counts.outcomes).filter(([, count]) => count > 0);
  const summed = Object.fromEntries(items.map(({ outcome, count }) => [outcome, count]));
  expect(
    headline.length === items.length && headline.every(([outcome, count]) => summed[outcome] === count),
    `the headline ${JSON.stringify(headline)} is not the sum of the rows ${JSON.stringify(summed)}`,
  );
  expect(reconciliation.holds, `does not reconcile: ${JSON.stringify(reconciliation)}`);
  expect(runs?.sending === 0, `${runs?.sending} runs are still sending`);
  expect(runs?.count === attempts.length, `${runs?.count} runs, ${attempts.length} attempts`);
  expect(
    new Decimal(batch.spend.costUsd).eq(runs?.cost ?? -1),
    'the headline’s cost is not the sum of the runs',
  );

  const callsTo = Map.groupBy(calls, ({ question }) => question);
  const attemptsOf = Map.groupBy(attempts, ({ question }) => question);
  const isUnknown = ({ outcome }: AttemptRow) => outcome === 'unknown_outcome';
  const wasSent = ({ error }: AttemptRow) => !neverSent.test(error?.message ?? '');
  expect(attemptsOf.size === planned, `${attemptsOf.size} of ${planned} questions have an attempt`);
  let arrived = 0;
  for (const [question, all] of attemptsOf) {
    const count = callsTo.get(question)?.length ?? 0;
    const sent = all.filter(wasSent);
    const lost = sent.filter(isUnknown).length;
    arrived += count;
    // A worker may die between its commit and its call: an attempt without a call, but never a call without an attempt.
    expect(count <= sent.length, `${question}: ${count} calls, ${sent.length} attempts`);
    if (retries) expect(count === sent.length, `${question}: ${count} calls, ${sent.length} attempts sent`);
    else {
      expect(count <= 1 + lost, `${question}: ${count} calls, ${lost} of unknown end`);
      expect(sent.length - lost <= 1, `${question}: ${sent.length - lost} attempts with a known end`);
    }
  }
  const answered = attempts.filter(({ outcome }) => outcome === 'ok').length;
  expect(answered === (summed.ok ?? 0), `${answered} answers for ${summed.ok ?? 0} items`);
  return {
    planned,
    calls: arrived,
    attempts: attempts.length,
    sent: attempts.filter(wasSent).length,
    unknown: attempts.filter(isUnknown).length,
    outcomes: Object.fromEntries(headline),
    generations: batch.generation,
    faults: faults.slice(0, 20),
  };
};
