import type { InferenceFilter } from '../src/contract/inference.ts';
import type { StudyService } from '../src/services/study/study-service.ts';
import { batchCount, batchId, days, rareWord, targets } from './study-rows.ts';

const dayMs = 86_400_000;

export type StudyEndpoint = {
  name: string;
  /** Whether its filter can only be answered from the runs. */
  isRaw: boolean;
  ask(service: StudyService, turn: number, random: () => number): Promise<unknown>;
};

/** What people ask: every endpoint, over windows of many lengths that end anywhere. */
export const studyEndpoints = (endOfStudy: number, versus: readonly [string, string]): StudyEndpoint[] => {
  const window = (random: () => number, longest = days): InferenceFilter => {
    const length = Math.max(3_600_000, random() ** 2 * longest * dayMs);
    const to = endOfStudy - random() * (days * dayMs - length);
    return { from: new Date(to - length).toISOString(), to: new Date(to).toISOString() };
  };
  const filter = (turn: number, random: () => number, longest = days): InferenceFilter => {
    const [provider, model] = targets[turn % targets.length] ?? ['azure', 'gpt-5'];
    switch (turn % 5) {
      case 0:
        return {};
      case 1:
        return window(random, longest);
      case 2:
        return { ...window(random, longest), provider };
      case 3:
        return { ...window(random, longest), provider, model };
      default:
        return { ...window(random, longest), outcome: 'ok' };
    }
  };
  const sums = (name: string, ask: StudyEndpoint['ask']): StudyEndpoint => ({ name, isRaw: false, ask });
  const by = (key: 'provider' | 'model' | 'servedModel' | 'batch') =>
    sums(`compare ${key}`, (service, turn, random) => service.compare({ ...filter(turn, random), by: key }));
  const distribution = (of: 'latencyMs' | 'inputTokens' | 'outputTokens' | 'costUsd') =>
    sums(`distribution ${of}`, (service, turn, random) =>
      service.distribution({ ...filter(turn, random), of, bins: 40 }),
    );
  return [
    sums('summary', (service, turn, random) => service.summary(filter(turn, random))),
    sums('summary of a batch', (service, _, random) =>
      service.summary({ batchId: batchId(Math.floor(random() * batchCount)) }),
    ),
    by('provider'),
    by('model'),
    by('servedModel'),
    by('batch'),
    sums('timeseries by the hour', (service, _, random) =>
      service.timeseries({
        ...window(random, 14),
        bucket: 'hour',
        measure: 'latencyMsP95',
        split: 'provider',
      }),
    ),
    sums('timeseries by the day', (service, turn, random) =>
      service.timeseries({
        ...filter(turn, random),
        bucket: 'day',
        measure: turn % 2 === 0 ? 'latencyMsP95' : 'costUsd',
        split: 'model',
      }),
    ),
    sums('timeseries by the week', (service, turn, random) =>
      service.timeseries({
        ...filter(turn, random),
        bucket: 'week',
        measure: 'latencyMsP99',
        split: 'provider',
      }),
    ),
    distribution('latencyMs'),
    distribution('inputTokens'),
    distribution('outputTokens'),
    distribution('costUsd'),
    sums('recent', (service, turn, random) => service.recent({ ...filter(turn, random), limit: 20 })),
    sums('counterfactual', (service, turn, random) =>
      service.counterfactual({ ...filter(turn, random), targetProvider: 'openai', targetModel: 'gpt-4o' }),
    ),
    sums('versus', (service) => service.versus(...versus, { targetA: 0, targetB: 0, seed: 1 })),
    {
      name: 'text',
      isRaw: true,
      ask: (service, turn, random) =>
        service.compare({ ...(turn % 2 === 0 ? {} : window(random)), text: rareWord, by: 'provider' }),
    },
    {
      name: 'metadata',
      isRaw: true,
      ask: (service, turn, random) =>
        service.compare({
          ...(turn % 2 === 0 ? {} : window(random)),
          metadata: `study:s${Math.floor(random() * 100)}`,
          by: 'model',
        }),
    },
  ];
};
