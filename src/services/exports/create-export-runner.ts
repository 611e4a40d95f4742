import { createHash, type Hash, randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { ArtifactStore } from '../../artifacts/artifact-store.ts';
import type { ExportRepository, ExportRowsPage, OpenExport } from '../../db/exports/export-repository.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { exportFrame } from './export-content.ts';
import type { ExportRunner, ExportTurnLimits } from './export-runner.ts';
import { type ExportSourceDependencies, openExportSource } from './export-source.ts';

export type ExportRunnerDependencies = {
  repository: ExportRepository;
  study: ExportSourceDependencies['study'];
  artifacts: ArtifactStore;
  logger: Logger;
  /** How much is read at once, before compression. About as much as two such pages is held in memory. */
  pageBytes?: number;
  /** Epoch ms. */
  now?: () => number;
};

const usualPageBytes = 2 * 1024 * 1024;
/** What a worker that is killed has written in vain. */
const usualPartBytes = 32 * 1024 * 1024;
/** Where rows are hard to find a part ends earlier: one that takes minutes looks as if nobody wrote it. */
const longestPartMs = 20_000;
/** Exports are read often and made once, but a worker has one core. */
const gzipLevel = 5;

/** Where all of an export is kept. */
export const exportArtifact = (exportId: string): string => `exports/${exportId}`;

async function* hashing(content: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    hash.update(piece);
    yield piece;
  }
}

/** Each part is a gzip member of its own: members one behind the other are a gzip file (RFC 1952, section 2.2). */
const gzipped = (content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> =>
  // An error reaches whoever reads; the callback is there because it must be.
  pipeline(content, createGzip({ level: gzipLevel }), () => {});

/** Exports, part by part. */
export const createExportRunner = (dependencies: ExportRunnerDependencies): ExportRunner => {
  const { repository, study, artifacts, logger, pageBytes = usualPageBytes, now = Date.now } = dependencies;
  const underWay = new Set<Promise<unknown>>();
  let isStopped = false;

  /** The state of a hash cannot be kept, so what is there already is read once more. */
  const hashOf = async ({ parts }: OpenExport): Promise<Hash> => {
    const hash = createHash('sha256');
    for (const { name } of parts) for await (const piece of artifacts.read(name)) hash.update(piece);
    return hash;
  };

  const writeParts = async (id: string, limits: ExportTurnLimits): Promise<'done' | 'again'> => {
    const endAt = now() + limits.withinMs;
    const open = await repository.openExport(id);
    if (open === null || open.export.status !== 'running') return 'done';
    const { format, gzip } = open.export;
    const { partBytes = usualPartBytes, maxParts = Number.POSITIVE_INFINITY } = limits;
    const hash = await hashOf(open);
    let written = open.export.rows;
    let resumeAfter = open.resumeAfter;
    let isLast = false;
    const source = await openExportSource({ repository, study, pageBytes }, open.export, resumeAfter);
    const { pages } = source;
    const frame = exportFrame(format, source.csvHeader);

    const take = (page: ExportRowsPage): string => {
      const text = page.rows > 0 && written > 0 ? frame.between + page.text : page.text;
      written += page.rows;
      resumeAfter = page.after ?? resumeAfter;
      isLast = page.isLast;
      return text;
    };
    async function* partContent(isFirst: boolean): AsyncGenerator<Uint8Array> {
      let bytes = 0;
      const partEndAt = Math.min(endAt, now() + longestPartMs);
      if (isFirst && frame.start !== '') yield Buffer.from(frame.start);
      while (bytes < partBytes && !isLast && (bytes === 0 || (now() < partEndAt && !isStopped))) {
        const next = await pages.next();
        if (next.done === true) break;
        const piece = Buffer.from(take(next.value));
        bytes += piece.byteLength;
        if (piece.byteLength > 0) yield piece;
      }
      if (isLast && frame.end !== '') yield Buffer.from(frame.end);
    }

    try {
      const count = open.parts.length;
      for (let partNumber = count + 1; partNumber <= count + maxParts; partNumber += 1) {
        const name = `${exportArtifact(id)}/${partNumber}-${randomUUID()}`;
        const before = written;
        const content = partContent(partNumber === 1);
        const { bytes } = await artifacts.write(name, hashing(gzip ? gzipped(content) : content, hash));
        const sha256 = isLast ? hash.digest('hex') : null;
        const part = { partNumber, name, bytes, rows: written - before, resumeAfter, sha256 };
        if (!(await repository.addPart({ exportId: id, ...part, now: new Date(now()) }))) {
          logger.info('export is written by somebody else, or is gone', { exportId: id, partNumber });
          await artifacts.delete(name);
          return 'done';
        }
        if (isLast) return 'done';
        if (now() >= endAt || isStopped) return 'again';
      }
      return 'again';
    } finally {
      await pages.return(undefined);
    }
  };

  return {
    runTurn: async (id, limits) => {
      const work = writeParts(id, limits);
      underWay.add(work);
      try {
        return { next: await work };
      } catch (error) {
        // Whoever tries again doesn't say why.
        logger.warn('turn of an export failed', { exportId: id, error });
        throw error;
      } finally {
        underWay.delete(work);
      }
    },
    stop: async () => {
      isStopped = true;
      await Promise.allSettled(underWay);
    },
  };
};
