import type { Export } from '../../src/contract/export.ts';
import { AppError } from '../../src/errors.ts';
import type { ExportService } from '../../src/services/exports/export-service.ts';

/** A service in memory that knows one export, the file `hello`. */
export const fakeExports = (knownId: string): ExportService => {
  const known: Export = {
    id: knownId,
    what: 'runs',
    format: 'csv',
    gzip: false,
    filter: {},
    options: {},
    status: 'ready',
    rows: 1,
    bytes: 5,
    sha256: 'a'.repeat(64),
    error: null,
    createdAt: '2026-01-02T03:04:05.000Z',
    progressedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: '2026-01-02T03:04:05.000Z',
    expiresAt: '2026-01-09T03:04:05.000Z',
  };
  const find = async (id: string) => {
    if (id !== knownId) throw new AppError('not_found', `There is no export ${id}.`);
    return known;
  };
  return {
    create: async () => known,
    get: find,
    list: async () => ({ data: [known], nextCursor: null }),
    read: async (id) => {
      const found = await find(id);
      async function* content() {
        yield Buffer.from('hello');
      }
      return { export: found, from: 0, to: 4, content: content() };
    },
    delete: async (id) => {
      await find(id);
    },
    tend: async () => 0,
  };
};
