import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { startApp } from '../support/running-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

describe('a host that is killed between request and answer', () => {
  let database: TestDatabase;
  let provider: FakeProvider;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    provider = await startFakeProvider();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client?.end();
    await provider?.close();
    await database?.drop();
  });

  const untilRow = async (id: string | null, status: string): Promise<Record<string, unknown>> => {
    for (const end = Date.now() + 10_000; Date.now() < end; ) {
      const { rows } = await client.query<Record<string, unknown>>(
        'select id, status, outcome from inference_runs where ($1::uuid is null or id = $1) and status = $2',
        [id, status],
      );
      if (rows[0]) return rows[0];
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`no row became ${status}`);
  };

  it('leaves a row `sending` that the sweep turns into unknown_outcome, never nothing', async () => {
    const settings = {
      SQ_COMPATIBLE_PROVIDERS: JSON.stringify([{ name: 'fake', baseUrl: provider.baseUrls.compatible }]),
    };
    provider.respondWith({ ends: 'never' });
    const first = await startApp(database.url, settings);
    const answer = first
      .post('/api/v1/inferences', { provider: 'fake', model: 'm', prompt: 'Are you there?' })
      .then(
        () => 'answered',
        () => 'cut',
      );
    const row = await untilRow(null, 'sending');
    while (provider.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await first.host.kill();
    expect(await answer).toBe('cut');
    expect(provider.requests).toHaveLength(1);
    expect(await untilRow(String(row.id), 'sending')).toMatchObject({ outcome: null });

    const second = await startApp(database.url, settings);
    try {
      // Its lease still runs: another instance may be waiting for this very answer.
      expect((await second.send('/api/v1/tick', { method: 'POST' })).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await untilRow(String(row.id), 'sending')).toMatchObject({ outcome: null });
      await client.query("update inference_runs set lease_until = now() - interval '1 second'");
      await second.send('/api/v1/tick', { method: 'POST' });
      expect(await untilRow(String(row.id), 'settled')).toMatchObject({ outcome: 'unknown_outcome' });
      const recorded = await (await second.send(`/api/v1/inferences/${row.id}`)).json();
      expect(recorded).toMatchObject({
        outcome: 'unknown_outcome',
        costUsd: null,
        attempts: [{ attemptNumber: 1, status: 'settled', outcome: 'unknown_outcome' }],
      });
      expect(await second.host.warnings()).toEqual([]);
    } finally {
      await second.host.stop();
    }
  }, 60_000);
});
