import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { MeaningReport } from '../../src/contract/meaning.ts';
import { SearchAnswer } from '../../src/contract/search.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** More than a tick has time for. */
const count = 3000;

describe('embeddings through the host', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    // Runs from before there was any search by meaning are no different.
    await client.query(
      `insert into inference_runs (
        id, status, outcome, provider, model, messages, prompt_text, answer_text, parameters, request_hash,
        created_at, lease_until, settled_at
      )
      select gen_random_uuid(), 'settled', 'ok', 'echo', 'm',
        jsonb_build_array(jsonb_build_object('role', 'user', 'content', prompt)), prompt, 'a', '{}', 'x',
        now() - interval '1 hour' + n * interval '1 ms', now(), now()
      from (
        select n, 'Question ' || n || ': what is ' || md5(n::text) || ' of ' || md5((n % 100)::text) || '?' as prompt
        from generate_series(1, $1::int) as n
      ) as given`,
      [count],
    );
  });
  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  const report = async (app: RunningApp) =>
    MeaningReport.parse(await (await app.send('/api/v1/search/meaning')).json());

  it('are made by a durable job, which another host goes on with', async () => {
    const first = await startApp(database.url);
    expect(await (await first.post('/api/v1/tick', {})).json()).toMatchObject({
      promptsEmbedded: expect.any(Number),
    });
    const begun = await report(first);
    expect(begun.meaning.embedded).toBeLessThan(count);
    await first.host.kill();

    // As it looks when nobody has shown up for some minutes; what the killed one held is held for ten.
    await client.query("update embedding_spaces set job_seen_at = now() - interval '10 minutes'");
    await client.query('update embedding_queue set not_before = now()');
    const second = await startApp(database.url);
    try {
      await second.post('/api/v1/tick', {});
      let seen = await report(second);
      for (const endAt = Date.now() + 120_000; seen.meaning.pending !== 0 && Date.now() < endAt; ) {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        seen = await report(second);
      }
      expect(seen.meaning).toMatchObject({ status: 'ready', embedded: count, pending: 0, refused: 0 });
      const { rows } = await client.query('select generation, job_seen_at from embedding_spaces');
      expect(rows[0].generation).toBeGreaterThanOrEqual(2);
      expect(rows[0].job_seen_at).not.toBeNull();
      // At most the call that the killed host was in.
      expect(seen.calls.inputCount - count).toBeLessThanOrEqual(100);
      const { rows: runs } = await client.query('select id, prompt_text from inference_runs limit 1');
      const like = encodeURIComponent(runs[0].prompt_text);
      const found = SearchAnswer.parse(
        await (await second.send(`/api/v1/search?like=${like}&limit=3`)).json(),
      );
      expect(found.data[0]?.inference.id).toBe(runs[0].id);
      // What is asked now is found soon, without a tick.
      const prompt = 'Why is the tuba so large?';
      await second.post('/api/v1/inferences', { prompt, provider: 'echo', model: 'echo-1' });
      let nearest: SearchAnswer['data'][number] | undefined;
      for (const endAt = Date.now() + 30_000; Date.now() < endAt && (nearest?.similarity ?? 0) < 0.99; ) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        const answer = await second.send('/api/v1/search?like=Why+is+the+tuba+so+large%3F&limit=1');
        nearest = SearchAnswer.parse(await answer.json()).data[0];
      }
      expect(nearest?.inference.messages[0]?.content).toBe(prompt);
    } finally {
      await second.host.stop();
    }
  }, 240_000);
});
