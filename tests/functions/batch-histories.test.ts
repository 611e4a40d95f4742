import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { collectDurableFunctions } from '../../local/durable/durable-functions.ts';
import { batchAppCode, runBatchOrchestration, type TurnScript } from '../support/batch-orchestration.ts';
import { type DurableApp, loadDurableApp } from '../support/durable-app.ts';
import type { Episode } from '../support/durable-traces.ts';

const folder = join(import.meta.dirname, '../fixtures/batch-histories');
/** Writes the fixtures anew: only for a change of the orchestrators that batches under way may notice. */
const isRecording = process.env.SQ_TEST_RECORD_HISTORIES === 'true';

const scenarios: Record<string, TurnScript> = {
  done: ['done'],
  again: ['again', 'again', 'done'],
  wait: [{ waitUntilMs: 21_000 }, 'done'],
  'wait-long-over': [{ waitUntilMs: -5000 }, 'done'],
  'failing-turn': ['fails', 'fails', 'fails', 'again', 'fails', 'done'],
  'given-up': ['fails'],
};

const fileOf = (name: string) => join(folder, `${name}.json.gz`);
const readHistories = (name: string): Episode[] =>
  JSON.parse(gunzipSync(readFileSync(fileOf(name))).toString('utf8'));

const answerOf = async (app: DurableApp, { functionName, input }: Episode) => {
  const binding = Object.keys(app.functions.get(functionName)?.metadata.bindings ?? {})[0] ?? '';
  const data = { string: JSON.stringify(input) };
  return app.invoke(functionName, [{ name: binding, data }], {}).then(
    ({ returnValue }) => JSON.parse(returnValue?.json ?? 'null'),
    // Failed orchestrations travel in the text of an error.
    ({ message }: Error) => ({ thrown: { message } }),
  );
};

describe.each(Object.entries(scenarios))('batches whose turns go: %s', (name, turns) => {
  if (isRecording) {
    it('are recorded', async () => {
      const { episodes } = await runBatchOrchestration(turns);
      writeFileSync(fileOf(name), gzipSync(JSON.stringify(episodes), { level: 9 }));
    });
    return;
  }

  it('lead to the recorded actions, and no others, whatever point of their history they are at', async () => {
    const app = loadDurableApp({ main: batchAppCode(turns) });
    expect([...collectDurableFunctions(app.functions.values()).orchestrators]).toHaveLength(2);
    const episodes = readHistories(name);
    expect(episodes.length).toBeGreaterThanOrEqual(4);
    for (const episode of episodes) expect(await answerOf(app, episode)).toEqual(episode.output);
  });

  it('take the recorded way on the local engine in strict mode, without a warning', async () => {
    const run = await runBatchOrchestration(turns);
    expect(run.warnings).toEqual([]);
    expect(run.instance?.status).toBe(name === 'given-up' ? 'Failed' : 'Completed');
    const actionsOf = (episodes: Episode[]) =>
      episodes.map(({ functionName, output }) => [functionName, output.actions]).sort();
    expect(actionsOf(run.episodes)).toEqual(actionsOf(readHistories(name)));
  });
});

describe('a lane that waits', () => {
  it('has no activity running while its durable timer does, and one again soon after', async () => {
    const { activities, instance } = await runBatchOrchestration([{ waitUntilMs: 21_000 }, 'done']);
    expect(instance?.status).toBe('Completed');
    const [first, second, third, fourth] = [...activities].sort((a, b) => a.from - b.from);
    expect(activities).toHaveLength(4);
    for (const before of [first, second]) expect(before?.to).toBeLessThan(2000);
    for (const after of [third, fourth]) {
      expect(after?.from).toBeGreaterThanOrEqual(21_000);
      expect(after?.from).toBeLessThan(23_000);
    }
  });
});

it('a turn that always fails is tried for minutes, and then ends the batch’s orchestration for the tick to see', async () => {
  const { activities, tookMs } = await runBatchOrchestration(['fails']);
  // Ten tries of a turn, three of a lane, two lanes.
  expect(activities).toHaveLength(60);
  expect(tookMs).toBeGreaterThan(10 * 60_000);
});
