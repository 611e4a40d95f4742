import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { loadConfig } from '../../src/config/config.ts';
import { createApp } from '../../src/http/create-app.ts';
import { openapiDocument } from '../../src/http/openapi-document.ts';
import { createServices, type Services } from '../../src/services.ts';
import { createLogger } from '../../src/telemetry/create-logger.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { createFakeConductor } from '../support/fake-conductor.ts';
import { malformedRequests } from '../support/malformed-requests.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const adminKey = `sq_${'k'.repeat(43)}`;
const base = 'http://sq.test';

describe('malformed requests', () => {
  let database: TestDatabase;
  let services: Services;
  let send: (request: Request) => Promise<Response>;
  let folder: string;
  const conductor = createFakeConductor();
  const failures: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'sq-malformed-'));
    const config = loadConfig({
      DATABASE_URL: database.url,
      SQ_ADMIN_KEY: adminKey,
      SQ_ARTIFACTS_DIR: folder,
    });
    const logger = createLogger({ level: 'error', write: (line) => failures.push(line) });
    services = createServices(config, { logger, conductor });
    const app = createApp({ services, logger, version: '0.0.0', staticDir: '/nowhere' });
    send = async (request) => app.fetch(request);
  });

  afterAll(async () => {
    await services?.close();
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const countOf = async (table: string) => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ count: string }>(`select count(*) from ${table}`);
    await client.end();
    return rows[0]?.count;
  };
  const countRows = async () => ({
    inferences: await services.repository.countInferences({}),
    keys: (await services.repository.listApiKeys({ limit: 200 })).data.length,
    batches: await countOf('batches'),
    batchInputs: await countOf('batch_inputs'),
    schedules: await countOf('schedules'),
    uploads: await countOf('uploads'),
    started: conductor.started.length,
    files: (await readdir(folder, { recursive: true })).filter((name) => /uploads./.test(name)),
  });

  it('are refused with a 4xx problem, and nothing is stored', async () => {
    const health = await send(
      new Request(`${base}/api/v1/session`, { headers: { authorization: `Bearer ${adminKey}` } }),
    );
    expect(health.status).toBe(200);
    const before = await countRows();
    await fc.assert(
      fc.asyncProperty(malformedRequests(openapiDocument('0.0.0')), (malformed) =>
        assertRefused(malformed, { base, key: adminKey, send }),
      ),
      { numRuns: process.env.SQ_TEST_LONG === 'true' ? 5000 : 1500, endOnFailure: true },
    );
    expect(await countRows()).toEqual(before);
    expect(failures).toEqual([]);
  }, 120_000);

  it('that are only odd are answered, and never with a 5xx', async () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.toWellFormed());
    const oddText = fc.oneof(
      anyText,
      fc.constantFrom('%', '\\', "'; --", 'a:* & !b', '\u202e', '"', '():|<->'),
    );
    const year = fc.integer({ min: 0, max: 9999 }).map((number) => String(number).padStart(4, '0'));
    const offset = fc.constantFrom('Z', '+00:00', '-12:00', '+15:59', '-15:59', '+16:00', '-23:59');
    const moment = fc.tuple(year, offset).map(([y, zone]) => `${y}-12-31T23:59:59.999999999${zone}`);
    const query = fc.record(
      {
        text: oddText,
        model: oddText,
        metadata: fc.tuple(oddText, oddText).map((pair) => pair.join(':')),
        from: moment,
        to: moment,
        provider: fc.constantFrom('echo', 'none'),
      },
      { requiredKeys: [] },
    );
    const headers = { authorization: `Bearer ${adminKey}` };
    await fc.assert(
      fc.asyncProperty(query, async (filter) => {
        const given = new URLSearchParams(Object.entries(filter));
        const response = await send(new Request(`${base}/api/v1/inferences?${given}`, { headers }));
        expect([200, 400]).toContain(response.status);
      }),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.asyncProperty(oddText, oddText, moment, async (prompt, value, expiresAt) => {
        const post = (path: string, body: unknown) =>
          send(
            new Request(base + path, {
              method: 'POST',
              body: JSON.stringify(body),
              headers: { ...headers, 'content-type': 'application/json' },
            }),
          );
        const question = { provider: 'echo', model: `m${value}`, prompt, metadata: { [`k${value}`]: value } };
        expect([201, 400]).toContain((await post('/api/v1/inferences', question)).status);
        const key = { owner: prompt, scopes: ['study:read'], expiresAt };
        expect([201, 400]).toContain((await post('/api/v1/keys', key)).status);
      }),
      { numRuns: 100 },
    );
    expect(failures).toEqual([]);
  }, 60_000);
});
