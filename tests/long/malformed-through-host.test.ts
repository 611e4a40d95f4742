import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { openapiDocument } from '../../src/http/openapi-document.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { malformedRequests } from '../support/malformed-requests.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

describe.each(['true', 'false'])('malformed requests through the host, streaming %s', (httpStream) => {
  let database: TestDatabase;
  let app: RunningApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApp(database.url, { SQ_HTTP_STREAM: httpStream });
  });

  afterAll(async () => {
    await app?.host.stop();
    await database?.drop();
  });

  const countRows = async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ count: string }>(`
      select (select count(*) from inference_runs) + (select count(*) from batches)
        + (select count(*) from schedules) + (select count(*) from uploads) as count`);
    await client.end();
    return rows[0]?.count;
  };

  it('are refused with a 4xx problem, nothing is stored, and the host lives', async () => {
    const { url } = app.host;
    await fc.assert(
      fc.asyncProperty(malformedRequests(openapiDocument('0.0.0')), (malformed) =>
        assertRefused(malformed, {
          base: url,
          key: app.adminKey,
          send: (request) => fetch(request),
          // The host answers these itself: a NUL in a path, and line breaks, which its catch-all route doesn't match.
          mayBeEmpty: ({ path }) => path.includes('%00') || path.startsWith('/x/'),
        }),
      ),
      { numRuns: 1000, endOnFailure: true },
    );
    expect(await countRows()).toBe('0');
    expect((await app.send('/api/ready')).status).toBe(200);
    expect(app.lines.filter((line) => line.startsWith('WARNING'))).toEqual([]);
  }, 120_000);
});
