import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

export type SmokeTest = {
  /** Address of the app. */
  url: string;
  /** A key with which a question is asked of the offline provider; left out: none is asked. */
  key: string | undefined;
  say: (line: string) => void;
  /** How long the first start may take, in ms. */
  patienceMs?: number;
};

const Recorded = z.object({ id: z.string(), outcome: z.literal('ok') });

/**
 * Whether what was published answers, finds its database up to date, knows its routes and records an answer.
 * @throws {Error} that says what does not hold
 */
export const smokeTest = async ({ url, key, say, patienceMs = 180_000 }: SmokeTest): Promise<void> => {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, url), { ...init, signal: AbortSignal.timeout(30_000) });
  const until = async (path: string, what: string): Promise<void> => {
    let last = '';
    for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(1000)) {
      try {
        const response = await ask(path);
        if (response.ok) return say(`${path}: ${what}`);
        last = `HTTP ${response.status}: ${(await response.text()).slice(0, 300)}`;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
      }
    }
    throw new Error(`${path} did not become well: ${last}`);
  };
  await until('/api/health', 'the app answers');
  await until('/api/ready', 'database and migrations are as this build needs them');

  // A package whose entry point failed to load runs, and answers 404 everywhere.
  const closed = await ask('/api/v1/inferences');
  if (closed.status !== 401)
    throw new Error(`/api/v1/inferences without a key answered ${closed.status}, not 401`);
  say('/api/v1/inferences: closed without a key');
  if (key === undefined) {
    say('no question asked: SQ_ADMIN_KEY is not set here');
    return;
  }
  const response = await ask('/api/v1/inferences', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'echo', model: 'echo-1', prompt: 'Is anybody there?' }),
  });
  const answer = Recorded.safeParse(await response.json().catch(() => null));
  if (!answer.success)
    throw new Error(`a question was answered HTTP ${response.status} and not recorded as ok`);
  say(`a question was asked and recorded as ${answer.data.id}`);
};
