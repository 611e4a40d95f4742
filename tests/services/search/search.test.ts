import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSeededPrompts } from '../../../bench/seeded-prompts.ts';
import { hashedEmbedding } from '../../../src/providers/hashed-embedding.ts';
import { groupPairs } from '../../../src/services/search/group-pairs.ts';
import { type OpenEmbeddings, openEmbeddings } from '../support/open-embeddings.ts';

const dimensions = 64;
const turn = { withinMs: 600_000, isJob: false, rest: 0 };
let open: OpenEmbeddings;
let search: ReturnType<OpenEmbeddings['openProcess']>['search'];
let runner: ReturnType<OpenEmbeddings['openProcess']>['runner'];
beforeAll(async () => {
  open = await openEmbeddings();
  ({ search, runner } = open.openProcess({ dimensions }));
});
afterAll(() => open.close());

const cosineDistance = (a: readonly number[], b: readonly number[]) =>
  1 - a.reduce((sum, value, place) => sum + value * (b[place] ?? 0), 0);

describe('a search by words', () => {
  beforeAll(async () => {
    const record = async (model: string, prompt: string, text: string) =>
      open.record([prompt], { model }, { text });
    await record('a', 'What is a <b>lighthouse</b> for?', 'It warns ships; a Lighthouse is a tower.');
    await record('b', 'Name a ship', 'The lighthouse tender');
    await record('b', 'What are lighthouses made of?', 'Stone');
    await record('a', 'Nothing of the kind', 'No');
  });
  const byWords = (text: string, more: object = {}) => search.search({ text, limit: 20, ...more });

  it('finds words before parts of words, and says where', async () => {
    const { data } = await byWords('lighthouse');
    expect(data.map(({ inference }) => inference.text)).toHaveLength(3);
    expect(data[2]?.inference.text).toBe('Stone');
    const found = data.find(({ inference }) => inference.text?.startsWith('It warns'));
    expect(found?.highlights.map(({ pointer }) => pointer)).toEqual(['/messages/0/content', '/text']);
    for (const { highlights, similarity, repeatCount } of data) {
      expect(highlights.length).toBeGreaterThan(0);
      expect([similarity, repeatCount]).toEqual([null, null]);
      for (const { snippet, marks } of highlights) {
        expect(marks.map(({ from, to }) => snippet.slice(from, to).toLowerCase())).toContain('lighthouse');
      }
    }
    // As it was recorded: to show it as text is the reader's part.
    expect(found?.highlights[0]?.snippet).toBe('What is a <b>lighthouse</b> for?');
  });

  it('keeps to the filter and the limit', async () => {
    const { data } = await byWords('lighthouse', { model: 'b' });
    expect(data.map(({ inference }) => inference.text)).toEqual(['The lighthouse tender', 'Stone']);
    expect((await byWords('lighthouse', { limit: 1 })).data).toHaveLength(1);
    expect((await byWords('lighthouse', { to: '2020-01-01T00:00:00Z' })).data).toEqual([]);
    expect((await byWords('pharos')).data).toEqual([]);
  });

  it('works without an embedding model, and the answer says so', async () => {
    const { search: without, runner: noting } = open.openProcess({ model: null });
    const found = await without.search({ text: 'lighthouse', limit: 20 });
    expect(found.data).toHaveLength(3);
    expect(found.meaning).toMatchObject({ status: 'not_configured', model: null, embedded: null });
    await expect(without.search({ like: 'a tower', limit: 5 })).rejects.toMatchObject({
      code: 'embedding_not_configured',
    });
    await expect(without.duplicates({ threshold: 0.9, limit: 5 })).rejects.toMatchObject({
      code: 'embedding_not_configured',
    });
    // Repeats need no model.
    const [first, second] = await open.record(['Twice', 'Twice']);
    expect(await noting.runTurn(turn)).toEqual({ next: 'done', embedded: 0 });
    const similar = await without.similar(second ?? '', { limit: 5 });
    expect(similar.data).toMatchObject([
      { inference: { id: first }, similarity: 1, isRepeat: true, repeatCount: 1 },
    ]);
    expect(similar.meaning.status).toBe('not_configured');
    expect((await without.report()).calls.count).toBe(0);
  });
});

describe('a search by meaning', () => {
  const prompts: string[] = [];
  const vectors = new Map<string, number[]>();
  const many = 450;
  beforeAll(async () => {
    const next = createSeededPrompts(3);
    while (prompts.length < many) prompts.push(next());
    // A tenth of it is asked of another provider, and some belong to a study.
    await open.record(
      prompts.filter((_, place) => place % 10 === 0),
      { provider: 'other' },
    );
    await open.record(prompts.filter((_, place) => place % 10 !== 0));
    await open.record(
      prompts.filter((_, place) => place % 30 === 7),
      { metadata: { study: 'few' } },
    );
    for (const prompt of prompts) vectors.set(prompt, hashedEmbedding(prompt, dimensions));
    open.clock.now += 60_000;
    const { meaning } = await search.search({ text: 'nothing', limit: 1 });
    expect(meaning).toMatchObject({ status: 'indexing', embedded: 0, dimensions });
    expect(meaning.pending).toBeGreaterThanOrEqual(many);
    expect((await runner.runTurn(turn)).embedded).toBeGreaterThanOrEqual(many);
  });

  /** How many of the nearest ten are found, by distances, so that it doesn't matter which of equally near ones. */
  const recall = async (kept: (place: number) => boolean, filter: object): Promise<number> => {
    const asked = createSeededPrompts(99);
    const rounds = 5;
    let found = 0;
    for (let round = 0; round < rounds; round += 1) {
      const like = asked();
      const query = hashedEmbedding(like, dimensions);
      const distances = prompts
        .filter((_, place) => kept(place))
        .map((prompt) => cosineDistance(query, vectors.get(prompt) ?? []));
      const tenth = distances.toSorted((a, b) => a - b)[9] ?? 0;
      const { data } = await search.search({ like, limit: 10, ...filter });
      expect(data).toHaveLength(10);
      const similarities = data.map(({ similarity }) => similarity ?? 0);
      expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
      for (const { inference } of data) {
        const distance = cosineDistance(
          query,
          hashedEmbedding(inference.messages[0]?.content ?? '', dimensions),
        );
        if (distance <= tenth + 1e-6) found += 1;
      }
    }
    return found / (rounds * 10);
  };

  it('finds what a comparison with all finds: by the index, with a broad filter, with a narrow one', async () => {
    const since = { from: '2020-01-01T00:00:00Z' };
    expect(await recall(() => true, since)).toBeGreaterThanOrEqual(0.95);
    expect(await recall((place) => place % 10 !== 0, { ...since, provider: 'echo' })).toBeGreaterThanOrEqual(
      0.95,
    );
    expect(await recall((place) => place % 30 === 7, { metadata: 'study:few' })).toBeGreaterThanOrEqual(0.95);
  });

  it('tells the newest inference of each prompt, and how many there are', async () => {
    const like = prompts[7] ?? '';
    const { data, meaning } = await search.search({ like, limit: 3 });
    expect(data[0]).toMatchObject({
      inference: { metadata: { study: 'few' } },
      repeatCount: 2,
      highlights: [],
    });
    expect(data[0]?.similarity).toBeCloseTo(1, 3);
    expect(new Set(data.map(({ inference }) => inference.messages[0]?.content)).size).toBe(3);
    expect(meaning.status).toBe('indexing');
    open.clock.now += 60_000;
    expect((await search.search({ text: 'x', limit: 1 })).meaning).toMatchObject({
      status: 'ready',
      pending: 0,
    });
    const filtered = await search.search({ like, limit: 1, metadata: 'study:few', outcome: 'ok' });
    expect(filtered.data[0]?.repeatCount).toBe(1);
    expect((await search.search({ like, limit: 1, status: 'sending' })).data).toEqual([]);
  });

  it('finds inferences like one: its repeats as one hit, then others, never itself', async () => {
    const like = prompts[7] ?? '';
    const { data } = await search.search({ like, limit: 1 });
    const id = data[0]?.inference.id ?? '';
    const similar = await search.similar(id, { limit: 5 });
    expect(similar.data.map(({ isRepeat }) => isRepeat)).toEqual([true, false, false, false, false]);
    expect(similar.data[0]).toMatchObject({ similarity: 1, repeatCount: 1 });
    expect(similar.data.map(({ inference }) => inference.id)).not.toContain(id);
    expect(similar.refusal).toBeNull();
    // One that has not been embedded yet is asked for.
    const [fresh = ''] = await open.record([`${like} And why?`]);
    const early = await search.similar(fresh, { limit: 2, provider: 'echo' });
    expect(early.data[0]?.inference.messages[0]?.content).toBe(like);
    await expect(search.similar('0198c0de-0000-7000-8000-0000000000ff', { limit: 2 })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('asks the model once for a text, and puts each call into the ledger', async () => {
    const before = (await open.calls()).length;
    await search.search({ like: 'a text of its own', limit: 1 });
    await search.search({ like: 'a text of its own', limit: 1, provider: 'echo' });
    const calls = await open.calls();
    expect(calls).toHaveLength(before + 1);
    expect(calls.at(-1)).toMatchObject({
      purpose: 'query',
      outcome: 'ok',
      inputCount: 1,
      costUsd: '0.0000001',
    });
    const report = await search.report();
    expect(report.calls).toMatchObject({ count: before + 1, failedCount: 0, unknownCostCount: 0 });
    expect(report).toMatchObject({ refusals: [], lastFailure: null, blockedUntil: null });
  });

  it('groups prompts that are nearly the same', async () => {
    const base = `${prompts[20]} Answer briefly, and name the sources that you rely on.`;
    const metadata = { set: 'near' };
    const ids = await open.record([base, `${base} Please.`, `${base} Thanks.`, 'Quite another question'], {
      metadata,
    });
    await open.record([base], { metadata });
    await runner.runTurn(turn);
    const found = await search.duplicates({ threshold: 0.9, limit: 10, metadata: 'set:near' });
    expect(found).toMatchObject({ examinedCount: 4, isComplete: true, omittedGroupCount: 0 });
    expect(found.data).toHaveLength(1);
    const [group] = found.data;
    expect(group).toMatchObject({ size: 3, example: expect.stringContaining('Answer briefly') });
    expect(group?.similarity).toBeGreaterThanOrEqual(0.9);
    // The first prompt's newest inference is the one that was recorded last.
    expect(group?.inferenceIds).toEqual(expect.arrayContaining(ids.slice(1, 3)));
    expect(group?.inferenceIds).not.toContain(ids[0]);
    expect((await search.duplicates({ threshold: 0.999, limit: 10, metadata: 'set:near' })).data).toEqual([]);
  });
});

describe('groups of pairs', () => {
  it('hold what is tied through others, and know their weakest tie', () => {
    const pair = (a: number, b: number, similarity: number) => ({ a, b, similarity });
    expect(groupPairs([pair(0, 1, 0.91), pair(1, 2, 0.99), pair(0, 2, 0.96), pair(5, 6, 0.97)])).toEqual([
      { members: [0, 1, 2], similarity: 0.96 },
      { members: [5, 6], similarity: 0.97 },
    ]);
    expect(groupPairs([])).toEqual([]);
  });
});
