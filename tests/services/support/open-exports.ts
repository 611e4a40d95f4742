import { randomUUIDv7 } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactStore } from '../../../src/artifacts/artifact-store.ts';
import { createFolderArtifactStore } from '../../../src/artifacts/folder-artifact-store.ts';
import type { CreateExport } from '../../../src/contract/export.ts';
import { createExportRepository } from '../../../src/db/exports/create-export-repository.ts';
import type { NewRun, RunSettlement } from '../../../src/db/runs/inference-repository.ts';
import { createStudyRepository } from '../../../src/db/study/create-study-repository.ts';
import { createExportRunner } from '../../../src/services/exports/create-export-runner.ts';
import {
  createExportService,
  type ExportServiceDependencies,
} from '../../../src/services/exports/create-export-service.ts';
import { createStudyService } from '../../../src/services/study/create-study-service.ts';
import { bytesOf } from '../../support/byte-pieces.ts';
import { exampleRun, exampleSettlement } from '../../support/example-rows.ts';
import { createFakeConductor } from '../../support/fake-conductor.ts';
import { openBatches } from '../../support/open-batches.ts';
import { createMemoryLogger } from './memory-logger.ts';

/** Exports over a database and a folder of their own, with a clock that stands still an hour after the rows. */
export const openExports = async () => {
  const opened = await openBatches();
  const folder = await mkdtemp(join(tmpdir(), 'sq-exports-'));
  const clock = { now: Date.now() + 3_600_000 };
  const artifacts = createFolderArtifactStore({ folder });
  const logger = createMemoryLogger();
  const repository = createExportRepository({ pool: opened.pool });
  const study = createStudyService({
    repository: createStudyRepository({ pool: opened.pool, readPool: opened.pool }),
    familyOf: () => null,
  });
  const conductor = createFakeConductor();
  const now = () => clock.now;

  /** A process of its own, as far as database and store can tell. */
  const openProcess = (
    more: Pick<ExportServiceDependencies, 'atOnce'> & { artifacts?: ArtifactStore; pageBytes?: number } = {},
  ) => {
    const store = more.artifacts ?? artifacts;
    const runner = createExportRunner({
      repository,
      study,
      artifacts: store,
      logger,
      now,
      ...(more.pageBytes && { pageBytes: more.pageBytes }),
    });
    const service = createExportService({
      repository,
      artifacts: store,
      runner,
      conductor,
      logger,
      now,
      ...(more.atOnce && { atOnce: more.atOnce }),
    });
    return { runner, service };
  };
  const { service, runner } = openProcess();

  return {
    ...opened,
    repository,
    artifacts,
    service,
    runner,
    conductor,
    logger,
    clock,
    openProcess,
    /** A settled run. */
    record: async (run: Partial<NewRun> = {}, settlement: Partial<RunSettlement> = {}): Promise<string> => {
      const created = exampleRun({ id: randomUUIDv7(), ...run });
      await opened.inferences.insertRun(created);
      await opened.inferences.settleRun(exampleSettlement(created, settlement));
      return created.id;
    },
    create: (request: CreateExport) => service.create(request, { apiKeyId: null }),
    download: async (id: string): Promise<Buffer> => {
      const { bytes } = await service.get(id);
      const pieces: Buffer[] = [];
      for (let from = 0; from < bytes; ) {
        const piece = await service.read(id, { from, to: null });
        pieces.push(await bytesOf(piece.content));
        from = piece.to + 1;
      }
      return Buffer.concat(pieces);
    },
    files: async (): Promise<string[]> => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
    close: async () => {
      await opened.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
export type OpenExports = Awaited<ReturnType<typeof openExports>>;
