import type { Readiness } from '../contract/health.ts';
import type { InferenceRepository } from '../db/runs/inference-repository.ts';

/** A probe wants an answer, also while a connection hangs. */
const patienceMs = 5000;

/** Whether database and migrations are as this build needs them. Never throws. */
export const checkReadiness = async (
  repository: Pick<InferenceRepository, 'ping' | 'migrationsApplied'>,
): Promise<Readiness['checks']> => {
  try {
    await inTime(repository.ping());
  } catch {
    return { database: 'failed', migrations: 'unknown' };
  }
  try {
    const applied = await inTime(repository.migrationsApplied());
    return { database: 'ok', migrations: applied ? 'ok' : 'pending' };
  } catch {
    return { database: 'ok', migrations: 'unknown' };
  }
};

const inTime = async <Result>(work: Promise<Result>): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
