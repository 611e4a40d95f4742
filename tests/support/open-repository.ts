import { createPool } from '../../src/db/create-pool.ts';
import { createInferenceRepository } from '../../src/db/runs/create-inference-repository.ts';
import type { InferenceRepository } from '../../src/db/runs/inference-repository.ts';
import { createTestDatabase } from './test-database.ts';

export type OpenRepository = {
  repository: InferenceRepository;
  url: string;
  kind: 'pglite' | 'postgres';
  /** Closes the repository and drops its database. */
  close(): Promise<void>;
};

/** A repository over a migrated database of its own. */
export const openRepository = async (options: { now?: () => Date } = {}): Promise<OpenRepository> => {
  const database = await createTestDatabase();
  const repository = createInferenceRepository({
    pool: createPool({ databaseUrl: database.url, size: 4 }),
    ...options,
  });
  return {
    repository,
    url: database.url,
    kind: database.kind,
    close: async () => {
      await repository.close();
      await database.drop();
    },
  };
};
