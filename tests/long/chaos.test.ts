import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChaosMode, runChaos } from '../support/chaos/chaos-run.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chaos-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The long form: npm run chaos -- --kills 20 */
describe('a batch survives', () => {
  const run = async (mode: ChaosMode, kills: number, items: number) => {
    const report = await runChaos({
      mode,
      kills,
      items,
      seed: 3,
      mostLifeMs: 900,
      folder: await mkdtemp(join(folder, mode)),
    });
    process.stdout.write(`chaos: ${JSON.stringify(report)}\n`);
    expect(report.faults).toEqual([]);
    expect(report.kills).toBe(kills);
    expect(report.batches.length).toBeGreaterThan(0);
    return report;
  };

  it('kills of its host, and the end of its orchestrations: every item is settled once', async () => {
    const { batches, terminated } = await run('host', 3, 400);
    for (const { planned, outcomes } of batches) expect(outcomes).toEqual({ ok: planned });
    expect(terminated).toBeGreaterThan(0);
  }, 120_000);

  it('a kill of its database', async () => {
    const { batches } = await run('database', 1, 400);
    for (const { planned, outcomes } of batches) expect(outcomes).toEqual({ ok: planned });
  }, 120_000);

  it('a provider that misbehaves in 30 % of all calls: each call stands in the record', async () => {
    const { batches } = await run('faults', 0, 100);
    const [batch] = batches;
    expect(batch?.calls).toBe(batch?.sent);
    expect(batch?.calls).toBeGreaterThan(100);
  }, 120_000);
});
