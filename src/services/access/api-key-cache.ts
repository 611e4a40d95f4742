import type { StoredApiKey } from '../../db/runs/inference-repository.ts';

/**
 * How long a found key is believed without asking the database, in ms. This instance forgets a key that it revokes at
 * once; another instance may go on accepting it for at most this long.
 */
const keptMs = 5000;
const mostKept = 10_000;

/** Spares a query for each request. Only found keys are kept: an unknown one may exist a moment later. */
export const createApiKeyCache = (now: () => number) => {
  const kept = new Map<string, { key: Promise<StoredApiKey | null>; until: number }>();
  return {
    /** Concurrent requests share one query. */
    get(hash: Buffer, lookUp: (hash: Buffer) => Promise<StoredApiKey | null>): Promise<StoredApiKey | null> {
      const id = hash.toString('base64');
      const hit = kept.get(id);
      if (hit !== undefined && hit.until > now()) return hit.key;
      const entry = { key: lookUp(hash), until: now() + keptMs };
      if (kept.size >= mostKept) kept.clear();
      kept.set(id, entry);
      const drop = (): void => {
        if (kept.get(id) === entry) kept.delete(id);
      };
      entry.key.then((key) => {
        if (key === null) drop();
      }, drop);
      return entry.key;
    },
    /** Also what is being looked up at this moment: it may have been read before the change. */
    forget(hash: Buffer): void {
      kept.delete(hash.toString('base64'));
    },
  };
};
