import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSync } from 'esbuild';
import { runOrchestrator } from '../support/durable-harness.ts';

const entry = join(import.meta.dirname, '../../src/functions/turn-orchestrators.ts');

/** Work whose turns come to this, one after the other, on the local engine with the real library, in virtual time. */
const runTurns = (work: 'export' | 'embed', turns: readonly ('done' | 'again' | 'fails')[]) => {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['durable-functions'],
    write: false,
  });
  const code = `const df = require('durable-functions');
    ${outputFiles[0]?.text}
    const bundled = module.exports;
    const turns = ${JSON.stringify(turns)};
    df.app.orchestration('export', bundled.exportOrchestrator);
    df.app.orchestration('embed', bundled.embeddingOrchestrator);
    df.app.activity('${work === 'export' ? 'runExport' : 'runEmbedding'}', { handler: async () => {
      const next = turns.shift();
      if (next === 'fails') {
        const error = new Error('the store is away');
        error.stack = String(error);
        throw error;
      }
      return { next };
    } });`;
  const input = { generation: 1, round: 1 };
  return runOrchestrator({ code, entry: work, input, strict: true, stepMs: 500, forMs: 3_600_000 });
};

describe.each(['export', 'embed'] as const)('the orchestration of an %s', (work) => {
  it('takes one turn after the other, each with a history of its own', async () => {
    const { instance, activities, warnings, history } = await runTurns(work, ['again', 'again', 'done']);
    expect(instance?.status).toBe('Completed');
    expect(activities).toHaveLength(3);
    expect(warnings).toEqual([]);
    expect(history.length).toBeLessThan(10);
  });

  it('tries a turn that failed again, and in the end fails: then the tick takes over', async () => {
    const recovered = await runTurns(work, ['fails', 'fails', 'done']);
    expect([recovered.instance?.status, recovered.activities.length]).toEqual(['Completed', 3]);
    const lost = await runTurns(
      work,
      Array.from({ length: 20 }, () => 'fails' as const),
    );
    expect([lost.instance?.status, lost.activities.length]).toEqual(['Failed', 8]);
  });
});
