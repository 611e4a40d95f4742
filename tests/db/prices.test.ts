import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createPriceBook } from '../../src/db/pricing/price-book.ts';
import { createFindPrice } from '../../src/services/calls/find-price.ts';
import { type OpenRepository, openRepository } from '../support/open-repository.ts';

const now = new Date('2026-12-01T00:00:00Z');

describe('prices', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository();
    const client = new Client({ connectionString: open.url });
    await client.connect();
    await client.query(`
      insert into prices (
        id, provider, model, effective_from, input_per_million, cached_input_per_million, output_per_million, source
      )
      values (gen_random_uuid(), 'shop', 'a', '2026-01-01Z', 1, null, 2, 'test'),
             (gen_random_uuid(), 'shop', 'a', '2026-06-01Z', 0.1, 0.05, 0.2, 'test'),
             (gen_random_uuid(), 'shop', '*', '2026-11-01Z', 9, null, 9, 'test')`);
    await client.end();
  });
  afterAll(() => open.close());

  const find = (provider: string, models: string[], at: string) =>
    createFindPrice(open.repository)(provider, models, new Date(at));

  it.each([
    ['a', '2025-12-31T23:59:59Z', null],
    ['a', '2026-01-01T00:00:00Z', '1'],
    ['a', '2026-05-31T23:59:59Z', '1'],
    ['a', '2026-06-01T00:00:00Z', '0.1'],
    ['a', '2026-12-01T00:00:00Z', '0.1'],
    ['b', '2026-10-31T00:00:00Z', null],
    ['b', '2026-12-01T00:00:00Z', '9'],
  ])('%s costs at %s per million input tokens: %s', async (model, at, expected) => {
    expect((await find('shop', [model], at))?.inputPerMillion ?? null).toBe(expected);
  });

  it('of a name of the model come before those of all others, whichever of its names it is', async () => {
    expect(await find('shop', ['a-2026-05-05', 'a'], '2026-12-01T00:00:00Z')).toMatchObject({
      inputPerMillion: '0.1',
    });
    expect(await find('shop', ['b-2026-05-05', 'b'], '2026-12-01T00:00:00Z')).toMatchObject({
      inputPerMillion: '9',
    });
  });

  it('are seeded from the dated file, as exact decimals; unknown is null', async () => {
    expect(await open.repository.findPrice('openai', 'gpt-4o-mini', now)).toEqual({
      id: expect.any(String),
      inputPerMillion: '0.15',
      cachedInputPerMillion: '0.075',
      outputPerMillion: '0.60',
      reasoningPerMillion: null,
    });
    expect(await open.repository.findPrice('openai', 'no-such-model', now)).toBeNull();
    expect(await open.repository.findPrice('nobody', 'gpt-4o-mini', now)).toBeNull();
  });

  it('of the offline provider are known to be nothing, whatever the model', async () => {
    expect(await find('echo', ['anything'], now.toISOString())).toMatchObject({
      inputPerMillion: '0',
      outputPerMillion: '0',
    });
  });
});

describe('createPriceBook', () => {
  const price = {
    id: '018f0000-0000-7000-8000-000000000000',
    inputPerMillion: '1',
    cachedInputPerMillion: null,
    outputPerMillion: '2',
    reasoningPerMillion: null,
    effectiveFrom: '2026-01-01T00:00:00.000Z',
  };

  it('asks once a minute and model, also for callers at the same time', async () => {
    let time = 0;
    let loads = 0;
    const book = createPriceBook({
      now: () => new Date(time),
      load: async () => {
        loads += 1;
        return [price];
      },
    });
    await Promise.all([book.find('p', 'm', now), book.find('p', 'm', now)]);
    time = 59_999;
    await book.find('p', 'm', now);
    expect(loads).toBe(1);
    await book.find('p', 'other', now);
    expect(loads).toBe(2);
    time = 60_000;
    await book.find('p', 'm', now);
    expect(loads).toBe(3);
  });

  it('does not remember a failure', async () => {
    let loads = 0;
    const book = createPriceBook({
      now: () => new Date(0),
      load: async () => {
        loads += 1;
        if (loads === 1) throw new Error('down');
        return [price];
      },
    });
    await expect(book.find('p', 'm', now)).rejects.toThrow('down');
    expect(await book.find('p', 'm', now)).toMatchObject({ inputPerMillion: '1' });
  });
});
