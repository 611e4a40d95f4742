import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createProviders } from '../../../src/providers/create-providers.ts';
import { prepareQuestion } from '../../../src/services/calls/prepare-question.ts';
import { createProviderPace } from '../../../src/services/calls/provider-pace.ts';
import { mostInWindow } from '../../support/call-windows.ts';
import { type OpenBatches, openBatches } from '../../support/open-batches.ts';

let open: OpenBatches;
beforeAll(async () => {
  open = await openBatches();
});
afterAll(() => open.close());

it('calls that were held up together past their moments do not leave together', async () => {
  let clock = Date.UTC(2026, 5, 1, 12);
  const pace = createProviderPace({
    repository: open.batches,
    limits: { echo: { requestsPerMinute: 600 } },
    now: () => clock,
    sleep: async (ms) => {
      clock += ms;
    },
  });
  const question = await prepareQuestion(
    { provider: 'echo', model: 'echo-1', prompt: 'Now?' },
    createProviders([{ kind: 'echo', name: 'echo' }]),
    { maxInputTokens: 100, defaultMaxOutputTokens: 10, maxOutputTokens: 10 },
  );
  const turns = [];
  for (let call = 0; call < 30; call += 1) turns.push(await pace.takeTurn(question, clock + 60_000));
  // The process stands still for as long as all of these were to take.
  clock += 10_000;
  const sent: number[] = [];
  for (const admit of turns) {
    await admit?.();
    sent.push(clock);
  }
  expect(sent).toHaveLength(30);
  const inASecond = mostInWindow(
    sent.map((at) => ({ at, weight: 1 })),
    1000,
  );
  expect(inASecond).toBeLessThanOrEqual(10 + 3);
});
