// A vendor as a process of its own, so that neither the killing nor the load of the others touches its log. It answers by
// chance, as its settings say, and tells on request what it was asked.
import { setTimeout as sleep } from 'node:timers/promises';
import { createSeededRandom } from '../../../src/providers/seeded-random.ts';
import { type FakeAnswer, type FakeRequest, startFakeProvider } from '../fake-provider.ts';
import { errorAnswer, vendorAnswer } from '../fake-vendor-answers.ts';
import type { ChaosCall, ChaosProviderSettings } from './chaos-provider.ts';

type Order = { type: 'configure'; settings: ChaosProviderSettings } | { type: 'calls' };

const faults: readonly (() => FakeAnswer)[] = [
  () => errorAnswer(429, { message: 'too fast' }, { 'retry-after-ms': '40' }),
  () => errorAnswer(429, { message: 'too fast' }),
  () => errorAnswer(500, { message: 'oops' }),
  () => errorAnswer(503, { message: 'overloaded' }),
  () => ({ ends: 'reset' }),
  () => ({ body: '{"id": "chatcmpl-cut", "choi', ends: 'reset' }),
  () => ({ body: '{"choices": [{"message": "no' }),
  () => ({ body: '<html>Bad gateway</html>' }),
  () => ({ ends: 'never' }),
];

let settings: ChaosProviderSettings = { latencyMs: 0, jitterMs: 0, faultShare: 0, seed: 1 };
let random = createSeededRandom(settings.seed);
const calls: ChaosCall[] = [];

const questionOf = ({ body }: FakeRequest): string =>
  (body as { messages?: { content: string }[] } | null)?.messages?.at(-1)?.content ?? '';

const fake = await startFakeProvider({ record: false });
fake.respondWith((request) => {
  const isFaulty = random() < settings.faultShare;
  const fault = isFaulty ? faults[Math.floor(random() * faults.length)] : undefined;
  calls.push({ question: questionOf(request), at: Date.now(), isFaulty });
  const latencyMs = settings.latencyMs + random() * settings.jitterMs;
  return { latencyMs, ...(fault?.() ?? vendorAnswer(request)) };
});

process.on('message', (order: Order) => {
  if (order.type === 'configure') {
    settings = order.settings;
    random = createSeededRandom(settings.seed);
    calls.length = 0;
    process.send?.({ type: 'configured' });
  } else process.send?.({ type: 'calls', calls });
});
// Whoever started it has gone.
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready', baseUrl: fake.baseUrls.compatible });
await sleep(2 ** 31 - 1);
