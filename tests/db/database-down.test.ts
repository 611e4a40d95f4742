import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool } from '../../src/db/create-pool.ts';
import { isUnavailable } from '../../src/db/is-unavailable.ts';
import { createInferenceRepository } from '../../src/db/runs/create-inference-repository.ts';
import { AppError } from '../../src/errors.ts';
import { exampleRun, exampleSettlement } from '../support/example-rows.ts';
import { createTestDatabase } from '../support/test-database.ts';

const unavailable = {
  code: 'database_unavailable',
  retryable: true,
  message: 'The database does not answer.',
};

describe('a database that is not there', () => {
  const repository = createInferenceRepository({
    pool: createPool({ databaseUrl: 'postgres://nobody:hunter2@127.0.0.1:1/none' }),
  });
  afterAll(() => repository.close());

  it('fails calls as database_unavailable, without its address or password in the message', async () => {
    const run = exampleRun();
    const calls = [
      repository.insertRun(run),
      repository.settleRun(exampleSettlement(run)),
      repository.findInference(run.id),
      repository.listInferences({}, { limit: 1 }),
      repository.transaction(async () => {}),
      repository.ping(),
    ];
    for (const result of await Promise.allSettled(calls)) {
      if (result.status !== 'rejected') throw new Error('a call succeeded');
      expect(result.reason).toBeInstanceOf(AppError);
      expect(result.reason).toMatchObject(unavailable);
    }
  });
});

describe('a repository that has been closed', () => {
  it('says so: the instance is stopping, and its database may be well', async () => {
    const repository = createInferenceRepository({
      pool: createPool({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none' }),
    });
    await repository.close();
    const run = exampleRun();
    for (const call of [repository.insertRun(run), repository.findInference(run.id)]) {
      await expect(call).rejects.toMatchObject({ code: 'shutting_down', retryable: true });
    }
  });
});

describe('a database that accepts connections and never speaks', () => {
  const silent = createServer(() => {});
  beforeAll(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
  afterAll(() => void silent.close());

  it('fails a ping in time', async () => {
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const repository = createInferenceRepository({
      pool: createPool({ databaseUrl: `postgres://a:b@127.0.0.1:${address.port}/c` }),
    });
    const started = Date.now();
    await expect(repository.ping()).rejects.toMatchObject(unavailable);
    expect(Date.now() - started).toBeLessThan(4_500);
  });
});

describe('a database that refuses the password', () => {
  it('is as good as not there, and is found by the next call once it takes it', async () => {
    const database = await createTestDatabase();
    let password = 'wrong';
    const url = new URL(database.url);
    const right = decodeURIComponent(url.password);
    const pool = createPool({ databaseUrl: database.url, password: () => password });
    const repository = createInferenceRepository({ pool });
    try {
      await expect(repository.ping()).rejects.toMatchObject(unavailable);
      password = right;
      await expect(repository.ping()).resolves.toBeUndefined();
    } finally {
      await repository.close();
      await database.drop();
    }
  });
});

describe('isUnavailable', () => {
  it.each([
    [Object.assign(new Error('x'), { code: '57P01' }), true],
    [Object.assign(new Error('x'), { code: '53300' }), true],
    [Object.assign(new Error('x'), { code: '08006' }), true],
    [Object.assign(new Error('x'), { code: '25006' }), true],
    [Object.assign(new Error('x'), { code: '25001' }), false],
    [Object.assign(new Error('x'), { code: '23505' }), false],
    [Object.assign(new Error('x'), { code: '22021' }), false],
    [new Error('Connection terminated unexpectedly'), true],
    [new Error('anything'), false],
    ['text', false],
  ])('%p: %p', (error, expected) => {
    expect(isUnavailable(error)).toBe(expected);
  });
});
