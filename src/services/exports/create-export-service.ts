import { randomUUIDv7 } from 'node:crypto';
import type { ArtifactStore } from '../../artifacts/artifact-store.ts';
import { type Export, maxPieceBytes } from '../../contract/export.ts';
import type { ExportPart, ExportRepository } from '../../db/exports/export-repository.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { exportArtifact } from './create-export-runner.ts';
import type { ExportConductor } from './export-conductor.ts';
import type { ExportRunner } from './export-runner.ts';
import type { ExportService, WantedBytes } from './export-service.ts';

export type ExportServiceDependencies = {
  repository: ExportRepository;
  artifacts: ArtifactStore;
  runner: ExportRunner;
  conductor: ExportConductor;
  logger: Logger;
  /** Epoch ms. */
  now?: () => number;
  newId?: () => string;
  /** What is made while the caller waits. */
  atOnce?: Partial<typeof usuallyAtOnce>;
};

const keptMs = 7 * 24 * 60 * 60 * 1000;
/** A caller waits so long at most, and finds a file of that size ready. */
const usuallyAtOnce = { withinMs: 5_000, partBytes: 16 * 1024 * 1024 };
/** A part takes seconds; whoever has not written one by then is gone. */
const stallMs = 120_000;
/** After so many workers there is something about the export itself. */
const mostGenerations = 10;
const maxTended = 100;

const notFound = (id: string) => new AppError('not_found', `There is no export ${id}.`);

/** First and last byte of what is wanted, no more than a piece. @throws {AppError} range_not_satisfiable */
const boundsOf = (wanted: WantedBytes, size: number): { from: number; to: number } => {
  const from = 'last' in wanted ? Math.max(0, size - wanted.last) : wanted.from;
  const end = 'last' in wanted || wanted.to === null ? size - 1 : Math.min(wanted.to, size - 1);
  if (from > end || from >= size) {
    throw new AppError('range_not_satisfiable', `The file has ${size} bytes.`, {
      faults: [{ pointer: 'range:', message: `must begin before byte ${size}` }],
    });
  }
  return { from, to: Math.min(end, from + maxPieceBytes - 1) };
};

/** Exports: bytes in the artifact store, facts in the database. A row never tells of bytes that are not kept yet. */
export const createExportService = (dependencies: ExportServiceDependencies): ExportService => {
  const { repository, artifacts, runner, conductor, logger } = dependencies;
  const { now = Date.now, newId = randomUUIDv7 } = dependencies;
  const atOnce = { ...usuallyAtOnce, ...dependencies.atOnce };

  const isKept = ({ expiresAt }: Export): boolean => Date.parse(expiresAt) > now();
  const get = async (id: string): Promise<Export> => {
    const found = await repository.findExport(id);
    if (found === null || !isKept(found)) throw notFound(id);
    return found;
  };

  /**
   * Files first: a row whose files are gone is found again by the next call, files without a row are not. And before them the end of
   * the work: a worker that has just written a part is refused, and takes it away again.
   */
  const remove = async (id: string): Promise<boolean> => {
    await repository.failExport(id, 'It was deleted.', new Date(now()));
    await artifacts.delete(exportArtifact(id));
    return repository.deleteExport(id);
  };

  /** A failure is no more than a line in the log: the tick starts what stands still. */
  const start = async (id: string, generation: number): Promise<void> => {
    try {
      await conductor.startExport({ id, generation });
    } catch (error) {
      logger.warn('export not started yet, the tick will', { exportId: id, generation, error });
    }
  };

  async function* contentOf(parts: readonly ExportPart[], from: number, to: number) {
    let start = 0;
    for (const { name, bytes } of parts) {
      const offset = Math.max(0, from - start);
      const end = Math.min(bytes, to + 1 - start);
      if (offset < end) yield* artifacts.read(name, { offset, bytes: end - offset });
      start += bytes;
    }
  }

  const reviveStalled = async (): Promise<void> => {
    const at = new Date(now());
    const since = new Date(now() - stallMs);
    for (const { id, generation } of await repository.listStalledExports(since, maxTended)) {
      if (generation >= mostGenerations) {
        await repository.failExport(id, 'Its workers ended before it was done, again and again.', at);
        logger.error('export given up', { exportId: id, generation });
      } else if (await repository.raiseGeneration(id, generation, at)) {
        logger.warn('export gets a new orchestration', { exportId: id, generation });
        await start(id, generation + 1);
      }
    }
  };

  return {
    create: async ({ what, format, gzip = false, filter = {}, options = {} }, { apiKeyId }) => {
      const createdAt = new Date(now());
      const expiresAt = new Date(now() + keptMs);
      const id = newId();
      await repository.insertExport({
        id,
        what,
        format,
        gzip,
        filter,
        options,
        apiKeyId,
        createdAt,
        expiresAt,
      });
      try {
        const { next } = await runner.runTurn(id, { ...atOnce, maxParts: 1 });
        if (next === 'again') await start(id, 1);
      } catch (error) {
        // A filter that the database refuses, say, would be refused again.
        await remove(id).catch(() => {});
        throw error;
      }
      return get(id);
    },

    get,

    list: (page) => repository.listExports(page, new Date(now())),

    read: async (id, wanted) => {
      const open = await repository.openExport(id);
      if (open === null || !isKept(open.export)) throw notFound(id);
      const { status, bytes } = open.export;
      if (status !== 'ready')
        throw new AppError('conflict', `The export is ${status}; it has no file to read.`);
      if (wanted === null && bytes > maxPieceBytes) {
        const message = `is needed for a file of ${bytes} bytes; one answer has ${maxPieceBytes} at most`;
        throw new AppError('range_not_satisfiable', `Range ${message}.`, {
          faults: [{ pointer: 'range:', message }],
        });
      }
      // An empty file (JSON lines without a row) has no first byte.
      const { from, to } =
        wanted === null && bytes === 0
          ? { from: 0, to: -1 }
          : boundsOf(wanted ?? { from: 0, to: null }, bytes);
      return { export: open.export, from, to, content: contentOf(open.parts, from, to) };
    },

    delete: async (id) => {
      await get(id);
      if (!(await remove(id))) throw notFound(id);
    },

    tend: async () => {
      await reviveStalled();
      const ids = await repository.listExpiredExports(new Date(now()), maxTended);
      for (const id of ids) await remove(id);
      return ids.length;
    },
  };
};
