import { expect } from '@jest/globals';
import { type Attempt, CreateInference, Inference } from '../../../src/contract/inference.ts';
import { createProviders } from '../../../src/providers/create-providers.ts';
import { createAskAndRecord } from '../../../src/services/calls/ask-and-record.ts';
import { createInferenceService } from '../../../src/services/inferences/create-inference-service.ts';
import { startFakeProvider } from '../../support/fake-provider.ts';
import { openRepository } from '../../support/open-repository.ts';
import { createMemoryLogger } from './memory-logger.ts';
import { unlimitedPace } from './unlimited-pace.ts';

const limits = {
  maxInputTokens: 1000,
  defaultMaxOutputTokens: 100,
  maxOutputTokens: 500,
  defaultDeadlineMs: 20_000,
  defaultMaxAttempts: 3,
};
const secret = 'sk-wire-0123456789-never-shown';
/** A day on which the seeded prices are in force, whatever this machine's clock says. */
const day = Date.UTC(2027, 0, 1);

/** The service on a real database and the real wire, which ends at a fake vendor. */
export const openService = async () => {
  const [open, fake] = await Promise.all([openRepository(), startFakeProvider()]);
  const key = () => secret;
  const deployments = [{ name: 'prod', family: 'gpt-4o' }];
  const providers = createProviders([
    { kind: 'azure', name: 'azure', endpoint: fake.baseUrls.azure, key, deployments },
    { kind: 'openai', name: 'openai', baseUrl: fake.baseUrls.openai, key },
    { kind: 'openai', name: 'nowhere', baseUrl: 'http://127.0.0.1:9/v1', key },
    { kind: 'echo', name: 'echo' },
  ]);
  const now = () => Math.round(day + performance.now());
  const logger = createMemoryLogger();
  const service = createInferenceService({
    repository: open.repository,
    providers,
    askAndRecord: createAskAndRecord({
      repository: open.repository,
      logger,
      leaseGraceMs: 30_000,
      now,
      // Backoff is tested elsewhere; here only what the provider asks for takes time.
      random: () => 0,
    }),
    pace: unlimitedPace,
    logger,
    limits,
    now,
  });
  const caller = { requestId: 'request-1', apiKeyId: null };

  const ask = async (different: Record<string, unknown> = {}): Promise<Inference> => {
    const body = { provider: 'openai', model: 'gpt-4o', prompt: 'What is two and two?', ...different };
    return (await service.run(CreateInference.parse(body), caller)).inference;
  };

  /** What the database gives back. */
  const read = async (id: string) => {
    const { attempts, rawAnswer, ...inference } = await service.get(id);
    return { inference, attempts, rawAnswer };
  };

  /** The row is what was returned, the attempts are all there, and the provider's key is nowhere. */
  const expectRecorded = async (returned: Inference): Promise<Attempt[]> => {
    const { inference, attempts, rawAnswer } = await read(returned.id);
    expect(inference).toEqual(returned);
    expect(Inference.parse(returned)).toEqual(returned);
    expect(attempts).toHaveLength(returned.attemptCount);
    expect(attempts.map(({ attemptNumber }) => attemptNumber)).toEqual(attempts.map((_, index) => index + 1));
    expect(attempts.every(({ status }) => status === 'settled')).toBe(true);
    expect(JSON.stringify([inference, attempts, rawAnswer])).not.toContain(secret);
    return attempts;
  };

  const close = async (): Promise<void> => {
    await fake.close();
    await open.close();
  };
  return { repository: open.repository, fake, service, caller, ask, read, expectRecorded, close };
};
