import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import { toCursor } from '../../src/db/cursor.ts';
import type { NewRun, RunSettlement } from '../../src/db/runs/inference-repository.ts';
import { exampleRun, exampleSettlement } from '../support/example-rows.ts';
import { type OpenRepository, openRepository } from '../support/open-repository.ts';

const day = (number: number) => new Date(Date.UTC(2026, 2, number));
const batchId = randomUUIDv7();

/** Prompt, what the run is, and what became of it; null: still being sent. */
const rows: { name: string; run: Partial<NewRun>; settlement: Partial<RunSettlement> | null }[] = [
  {
    name: 'capital',
    run: { createdAt: day(1), messages: [{ role: 'user', content: 'What is the capital of Portugal?' }] },
    settlement: { text: 'Lisbon, of course.' },
  },
  {
    name: 'percent',
    run: {
      createdAt: day(2),
      model: 'org/model-b',
      messages: [{ role: 'user', content: 'Is 100% of under_score a back\\slash?' }],
      metadata: { study: 'alpha', n: 12, flag: true, nothing: null },
    },
    settlement: { outcome: 'refused', text: null },
  },
  {
    name: 'batch',
    run: {
      createdAt: day(3),
      provider: 'azure',
      batchId,
      metadata: { study: 'beta', n: '12', flag: 'true' },
    },
    settlement: { costUsd: null, latencyMs: 100 },
  },
  {
    name: 'open',
    run: { createdAt: day(4), messages: [{ role: 'user', content: 'Still unanswered: portugal' }] },
    settlement: null,
  },
];

describe('lists of inferences', () => {
  let open: OpenRepository;
  const ids = new Map<string, string>();
  beforeAll(async () => {
    open = await openRepository();
    for (const { name, run: overrides, settlement } of rows) {
      const run = exampleRun(overrides);
      ids.set(run.id, name);
      await open.repository.insertRun(run);
      if (settlement !== null) await open.repository.settleRun(exampleSettlement(run, settlement));
    }
  });
  afterAll(() => open.close());

  const names = async (filter: InferenceFilter) =>
    (await open.repository.listInferences(filter, { limit: 50 })).data.map(({ id }) => ids.get(id));

  it.each<[InferenceFilter, string[]]>([
    [{}, ['open', 'batch', 'percent', 'capital']],
    [{ provider: 'azure' }, ['batch']],
    [{ model: 'org/model-b' }, ['percent']],
    [{ outcome: 'refused' }, ['percent']],
    [{ status: 'sending' }, ['open']],
    [{ status: 'settled', provider: 'echo' }, ['percent', 'capital']],
    [{ batchId }, ['batch']],
    [{ batchId: randomUUIDv7() }, []],
    [{ from: day(2).toISOString(), to: day(3).toISOString() }, ['percent']],
    [{ from: '2026-03-03T01:00:00+01:00' }, ['open', 'batch']],
    [{ text: 'lisbon' }, ['capital']],
    [{ text: 'portugal CAPITAL' }, ['capital']],
    [{ text: 'ortuga' }, ['open', 'capital']],
    [{ text: '100%' }, ['percent']],
    [{ text: 'r_s' }, ['percent']],
    [{ text: 'k\\s' }, ['percent']],
    [{ text: '0%o' }, []],
    [{ text: "'; drop table inference_runs; --" }, []],
    [{ metadata: 'study:alpha' }, ['percent']],
    [{ metadata: 'n:12' }, ['batch', 'percent']],
    [{ metadata: 'n:12.0' }, ['percent']],
    [{ metadata: 'flag:true' }, ['batch', 'percent']],
    [{ metadata: 'flag:false' }, []],
    [{ metadata: 'nothing:null' }, ['percent']],
    [{ metadata: 'study:' }, []],
    [{ metadata: 'study:alpha', outcome: 'ok' }, []],
  ])('%j finds %j', async (filter, expected) => {
    expect(await names(filter)).toEqual(expected);
    expect(await open.repository.countInferences(filter)).toBe(expected.length);
  });

  it('does not carry raw answers', async () => {
    const { data } = await open.repository.listInferences({}, { limit: 1 });
    expect(Object.keys(data[0] ?? {})).not.toContain('rawAnswer');
  });

  it.each(['', 'rubbish', Buffer.from('["x","y"]').toString('base64url'), 'eyJhIjoxfQ'])(
    'refuses the cursor %j',
    async (cursor) => {
      await expect(open.repository.listInferences({}, { limit: 2, cursor })).rejects.toMatchObject({
        code: 'invalid_request',
        faults: [{ pointer: '?cursor' }],
      });
    },
  );

  it('computes figures of each provider and model', async () => {
    const stats = await open.repository.providerStats({});
    expect(stats).toEqual([
      {
        provider: 'echo',
        model: 'echo-1',
        runCount: 2,
        outcomeCounts: { ok: 1 },
        inputTokens: 5,
        outputTokens: 7,
        costUsd: '0.000123',
        unknownCostCount: 1,
        latencyMsP50: 51.5,
        latencyMsP95: 51.5,
      },
      expect.objectContaining({ provider: 'azure', runCount: 1, costUsd: null, unknownCostCount: 1 }),
      expect.objectContaining({ provider: 'echo', model: 'org/model-b', outcomeCounts: { refused: 1 } }),
    ]);
    expect(await open.repository.providerStats({ status: 'sending' })).toMatchObject([
      { runCount: 1, outcomeCounts: {}, inputTokens: null, costUsd: null, latencyMsP50: null },
    ]);
    expect(await open.repository.providerStats({ provider: 'nobody' })).toEqual([]);
  });

  it('searches words before parts of words', async () => {
    const word = exampleRun({ messages: [{ role: 'user', content: 'a portug is no country' }] });
    await open.repository.insertRun(word);
    await open.repository.settleRun(exampleSettlement(word));
    ids.set(word.id, 'word');
    const found = await open.repository.searchPrompts('portug', 10);
    expect(found.map(({ id }) => ids.get(id))).toEqual(['word', 'capital']);
    expect(await open.repository.searchPrompts('portug', 1)).toHaveLength(1);
    expect(await open.repository.searchPrompts('%', 10)).toMatchObject([{ model: 'org/model-b' }]);
  });
});

describe('keyset pages', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository();
    const pairs = Array.from({ length: 45 }, (_, index) => {
      const run = exampleRun({ createdAt: day(1 + Math.floor(index / 10)) });
      return { run, settlement: exampleSettlement(run) };
    });
    await open.repository.insertSettledRuns(pairs);
    // Rows that other writers make may differ by microseconds only.
    const client = new Client({ connectionString: open.url });
    await client.connect();
    await client.query(`
      update inference_runs as r set created_at = r.created_at + n.number * interval '1 microsecond'
      from (select id, row_number() over (order by id) as number from inference_runs) as n
      where n.id = r.id and r.created_at < '2026-03-03'`);
    await client.end();
  });
  afterAll(() => open.close());

  it.each([1, 7, 44, 45, 200])('of %i rows give each row once, newest first', async (limit) => {
    const seen: { createdAt: string; id: string }[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await open.repository.listInferences({ provider: 'echo' }, { limit, cursor });
      expect(page.data.length).toBeLessThanOrEqual(limit);
      seen.push(...page.data);
      cursor = page.nextCursor ?? undefined;
      pages += 1;
    } while (cursor !== undefined);
    expect(pages).toBe(Math.ceil(45 / limit));
    expect(new Set(seen.map(({ id }) => id)).size).toBe(45);
    const keys = seen.map(({ createdAt, id }) => `${createdAt.padEnd(27, '0').replace('Z', '0')} ${id}`);
    expect(keys).toEqual([...keys].sort().reverse());
  });

  it('does not repeat or lose rows when newer ones arrive between pages', async () => {
    const first = await open.repository.listInferences({}, { limit: 20 });
    const newer = exampleRun({ createdAt: day(20) });
    await open.repository.insertRun(newer);
    const rest = await open.repository.listInferences({}, { limit: 100, cursor: first.nextCursor ?? '' });
    expect(new Set([...first.data, ...rest.data].map(({ id }) => id)).size).toBe(45);
  });

  it('can begin after any row', async () => {
    const { data } = await open.repository.listInferences({ provider: 'echo' }, { limit: 3 });
    const [, second, third] = data;
    if (second === undefined) throw new Error('three rows expected');
    const page = await open.repository.listInferences(
      { provider: 'echo' },
      { limit: 1, cursor: toCursor(second) },
    );
    expect(page.data).toEqual([third]);
  });

  it('refuse a row that its schema does not know, by the name of the column', async () => {
    const client = new Client({ connectionString: open.url });
    await client.connect();
    await client.query(`
      update inference_runs set parameters = '{"temperature": "hot"}'
      where id = (select max(id::text)::uuid from inference_runs)`);
    await client.end();
    const reading = open.repository.listInferences({}, { limit: 200 });
    await expect(reading).rejects.toMatchObject({
      issues: [expect.objectContaining({ path: ['parameters', 'temperature'] })],
    });
  });
});

describe('a page of very long texts', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository();
    const pairs = Array.from({ length: 12 }, () => {
      const run = exampleRun({ createdAt: day(1) });
      return { run, settlement: exampleSettlement(run) };
    });
    await open.repository.insertSettledRuns(pairs);
    const client = new Client({ connectionString: open.url });
    await client.connect();
    // In half of them the text is the message, in the others it is only what preprocessing was given.
    await client.query(`
      with half as (select id from inference_runs order by id limit 6), other as (
        update inference_runs
        set preprocessing = jsonb_build_object('variables', jsonb_build_object('text', repeat('a', 4000000)))
        where id not in (select id from half))
      update inference_runs
      set prompt_text = repeat('a', 50000),
        messages = jsonb_build_array(jsonb_build_object('role', 'user', 'content', repeat('a', 4000000)))
      where id in (select id from half)`);
    await client.end();
  });
  afterAll(() => open.close());

  it('ends early and says where to go on', async () => {
    const first = await open.repository.listInferences({}, { limit: 200 });
    expect(first.data.length).toBe(9); // the one that passes 32 MiB is the last
    const second = await open.repository.listInferences({}, { limit: 200, cursor: first.nextCursor ?? '' });
    expect(second.data.length).toBe(3);
    expect(second.nextCursor).toBeNull();
    expect(new Set([...first.data, ...second.data].map(({ id }) => id)).size).toBe(12);
  });
});
