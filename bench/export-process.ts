// An export's worker and its download as a process of their own, so that their memory can be measured: `make` writes the
// export, and `serve` answers ranges of it over HTTP as the API does, by whole pieces.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFolderArtifactStore } from '../src/artifacts/folder-artifact-store.ts';
import { createPool } from '../src/db/create-pool.ts';
import { createExportRepository } from '../src/db/exports/create-export-repository.ts';
import { createStudyRepository } from '../src/db/study/create-study-repository.ts';
import { createApp } from '../src/http/create-app.ts';
import type { AppServices } from '../src/services/app-services.ts';
import { createExportRunner } from '../src/services/exports/create-export-runner.ts';
import { createExportService } from '../src/services/exports/create-export-service.ts';
import { createStudyService } from '../src/services/study/create-study-service.ts';
import { createLogger } from '../src/telemetry/create-logger.ts';

export type ExportTask = { databaseUrl: string; folder: string; gzip: boolean };
export type ExportTaskDone = { id: string; url: string; wallMs: number; rows: number; bytes: number };

const logger = createLogger({ level: 'error' });

process.once('message', async ({ databaseUrl, folder, gzip }: ExportTask) => {
  const pool = createPool({ databaseUrl, size: 4 });
  const parts = {
    repository: createExportRepository({ pool }),
    artifacts: createFolderArtifactStore({ folder }),
    logger,
  };
  const study = createStudyService({
    repository: createStudyRepository({ pool, readPool: pool }),
    familyOf: () => null,
  });
  const runner = createExportRunner({ ...parts, study });
  const conductor = { startExport: async () => undefined };
  const exportService = createExportService({ ...parts, runner, conductor });
  const startedAt = performance.now();
  const { id } = await exportService.create({ what: 'runs', format: 'csv', gzip }, { apiKeyId: null });
  while ((await runner.runTurn(id, { withinMs: 240_000 })).next === 'again');
  const wallMs = performance.now() - startedAt;
  const { status, rows, bytes } = await exportService.get(id);
  if (status !== 'ready') throw new Error(`the export is ${status}`);

  // The API as it is; only who is calling is not asked.
  const principal = {
    kind: 'api_key',
    apiKeyId: null,
    callerId: null,
    owner: 'bench',
    scopes: ['admin'],
    expiresAt: null,
  };
  const services = {
    exportService,
    accessService: { authenticateKey: async () => principal },
    tickService: { tickIfStale: async () => undefined },
  } as unknown as AppServices;
  const app = createApp({ services, logger, version: '0', staticDir: '/nowhere' });
  const server = createServer(async (request, response) => {
    const headers = new Headers(request.headers as Record<string, string>);
    const answer = await app.fetch(new Request(`http://127.0.0.1${request.url}`, { headers }));
    const body = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body);
  });
  server.listen(0, '127.0.0.1', () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.send?.({ id, url, wallMs, rows, bytes } satisfies ExportTaskDone);
  });
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
