import { describe, expect, it } from '@jest/globals';
import type { SearchQuery } from '../../src/contract/search.ts';
import { AppError } from '../../src/errors.ts';
import { fakeSearch } from '../support/fake-search.ts';
import { knownId, startFakeApp, unknownId } from '../support/fake-services.ts';

const similar = `/api/v1/inferences/${knownId}/similar`;

describe('routes of a search', () => {
  it('hand on what is asked, by words or by meaning', async () => {
    const queries: SearchQuery[] = [];
    const { send } = startFakeApp({
      searchService: {
        search: async (query) => {
          queries.push(query);
          return fakeSearch(knownId).search(query);
        },
      },
    });
    expect((await send('/api/v1/search?text=a+b&provider=echo')).status).toBe(200);
    expect((await send('/api/v1/search?like=a%2Fb&limit=3&metadata=k:v')).status).toBe(200);
    expect(queries).toEqual([
      { text: 'a b', provider: 'echo', limit: 20 },
      { like: 'a/b', metadata: 'k:v', limit: 3 },
    ]);
    expect((await send(`${similar}?text=a&limit=2`)).status).toBe(200);
    expect((await send('/api/v1/search/duplicates?threshold=0.8')).status).toBe(200);
    expect(await (await send('/api/v1/search/meaning')).json()).toMatchObject({
      meaning: { status: 'not_configured', embedded: null },
    });
  });

  it.each([
    ['/api/v1/search', '?text'],
    ['/api/v1/search?text=a&like=b', '?text'],
    ['/api/v1/search?like=', '?like'],
    ['/api/v1/search?like=a&limit=101', '?limit'],
    ['/api/v1/search?like=a&threshold=1', '?threshold'],
    [`${similar}?like=a`, '?like'],
    ['/api/v1/inferences/x/similar', '{id}'],
    ['/api/v1/search/duplicates?threshold=1', '?threshold'],
    ['/api/v1/search/meaning?limit=1', '?limit'],
  ])('refuse %s and name the fault', async (path, pointer) => {
    const answer = await startFakeApp().send(path);
    expect(answer.status).toBe(400);
    expect((await answer.json()).errors.map((fault: { pointer: string }) => fault.pointer)).toContain(
      pointer,
    );
  });

  it('tell what is missing', async () => {
    const { send } = startFakeApp({
      searchService: {
        search: async ({ like }) => {
          if (like === 'none') throw new AppError('embedding_not_configured', 'none');
          throw new AppError('embedding_unavailable', 'away', { retryable: true, retryAfterMs: 7000 });
        },
      },
    });
    const none = await send('/api/v1/search?like=none');
    expect([none.status, (await none.json()).code]).toEqual([422, 'embedding_not_configured']);
    const away = await send('/api/v1/search?like=away');
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '7']);
    expect((await send(`/api/v1/inferences/${unknownId}/similar`)).status).toBe(404);
  });
});
