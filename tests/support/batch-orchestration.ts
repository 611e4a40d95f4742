import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type OrchestrationRun, runOrchestrator } from './durable-harness.ts';

/** The harness's clock at the start of every run. */
const startMs = Date.UTC(2026, 0, 5);

/** What the turns of each lane come to, one after the other; `fails` throws. The last one is repeated. */
export type TurnScript = readonly ('done' | 'again' | 'fails' | { waitUntilMs: number })[];

/** Our orchestrators, bundled as the build does it, with an activity that follows a script. It takes a second. */
export const batchAppCode = (turns: TurnScript): string => {
  const entry = join(import.meta.dirname, '../../src/functions/batch-orchestrators.ts');
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['durable-functions'],
    write: false,
  });
  const script = turns.map((turn) => {
    if (turn === 'fails') return null;
    if (typeof turn === 'string') return { next: turn, until: null, asked: 3, settled: 3 };
    return {
      next: 'wait',
      until: new Date(startMs + turn.waitUntilMs).toISOString(),
      asked: 3,
      settled: 0,
    };
  });
  return `const df = require('durable-functions');
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    ${outputFiles[0]?.text}
    const script = ${JSON.stringify(script)};
    const taken = new Map();
    const bundled = module.exports;
    const names = bundled.batchFunctionNames;
    df.app.orchestration(names.batch, bundled.batchOrchestrator);
    df.app.orchestration(names.lane, bundled.laneOrchestrator);
    df.app.activity(names.turn, { handler: async ({ lane }) => {
      const turn = taken.get(lane) ?? 0;
      taken.set(lane, turn + 1);
      await sleep(1000);
      const report = script[Math.min(turn, script.length - 1)];
      if (report === null) {
        const error = new Error('the database is away');
        error.stack = String(error);
        throw error;
      }
      return report;
    } });`;
};

/** A batch of two lanes on the local engine, with the real library, in virtual time and strict mode. */
export const runBatchOrchestration = (turns: TurnScript): Promise<OrchestrationRun> =>
  runOrchestrator({
    code: batchAppCode(turns),
    entry: 'batch',
    input: { batchId: '019ab000-0000-7000-8000-000000000001', generation: 1, lanes: 2 },
    strict: true,
    stepMs: 500,
    forMs: 3_600_000,
  });
