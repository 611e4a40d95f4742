import type { Scope } from '../../../src/contract/api-key.ts';
import { createAccessService } from '../../../src/services/access/create-access-service.ts';
import { createMemoryLogger } from './memory-logger.ts';
import { createMemoryRepository } from './memory-repository.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const adminKey = `sq_${'A'.repeat(43)}`;
export const startedAt = Date.UTC(2026, 0, 1);
export const write: Scope[] = ['inference:write'];

export const setUpAccess = (configured: string | null = null) => {
  const memory = createMemoryRepository();
  const clock = { now: startedAt };
  const logger = createMemoryLogger();
  let ids = 0;
  let bytes = 0;
  const service = createAccessService({
    repository: memory.repository,
    adminKey: configured === null ? null : async () => configured,
    logger,
    now: () => clock.now,
    newId: () => `id-${++ids}`,
    randomBytes: (size) => Buffer.alloc(size, ++bytes),
  });
  const count = (call: string) => memory.calls.filter((name) => name === call).length;
  return { ...memory, clock, logger, service, count };
};
