import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool } from '../../src/db/create-pool.ts';
import { migrateDatabase } from '../../src/db/migrate-database.ts';
import { createInferenceRepository } from '../../src/db/runs/create-inference-repository.ts';
import { AppError } from '../../src/errors.ts';
import { createTokenSource } from '../../src/identity/create-token-source.ts';
import { databasePassword } from '../../src/identity/database-password.ts';
import { startFakePgBouncer } from '../support/fake-pg-bouncer.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.toReversed()) await each.close();
  open = [];
});

/** Tokens that count up; each lasts `lifeMs`. */
const countingTokens = (lifeMs: number) => {
  const state = { now: Date.now(), issued: 0, scopes: new Set<string>(), fails: false };
  const tokens = createTokenSource({
    clientId: null,
    now: () => state.now,
    loadCredential: async () => ({
      getToken: async (scope) => {
        state.scopes.add(scope);
        if (state.fails) throw Object.assign(new Error('away'), { statusCode: 503 });
        state.issued += 1;
        return { token: `token-${state.issued}`, expiresOnTimestamp: state.now + lifeMs };
      },
    }),
  });
  const password = databasePassword('entra', tokens);
  if (password === null) throw new Error('no password');
  return { state, password };
};

const openRepository = async (
  options: Parameters<typeof startFakePgBouncer>[1],
  pool: Omit<Parameters<typeof createPool>[0], 'databaseUrl'>,
) => {
  const door = await startFakePgBouncer(database.url, options);
  const repository = createInferenceRepository({ pool: createPool({ databaseUrl: door.url, ...pool }) });
  open.push(door, repository);
  return { door, repository };
};

describe('a database that is signed in to with Entra tokens', () => {
  it('gets a token in the place of a password with each connection, and one that is valid', async () => {
    const { state, password } = countingTokens(3_600_000);
    const { door, repository } = await openRepository({ pooler: false }, { password });
    await repository.ping();
    const before = door.logins.length;
    expect(new Set(door.logins.map((login) => login.password))).toEqual(new Set(['token-1']));
    expect(door.logins[0]?.parameters).toMatchObject({ user: 'id-study', database: 'study' });
    expect([...state.scopes]).toEqual(['https://ossrdbms-aad.database.windows.net/.default']);
    // An open connection outlives its token.
    state.now += 3_600_001;
    await repository.ping();
    expect(door.logins).toHaveLength(before);
    door.cut();
    await repository.ping().catch(() => repository.ping());
    expect(door.logins.at(-1)?.password).toBe('token-2');
  });

  it('is unavailable while there is no token, and well again afterwards', async () => {
    const { state, password } = countingTokens(3_600_000);
    const { repository } = await openRepository({}, { password, pooler: 'pgbouncer' });
    state.fails = true;
    const error = await repository.ping().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: 'database_unavailable',
      retryable: true,
      cause: { code: 'identity_unavailable' },
    });
    state.fails = false;
    await repository.ping();
  });

  it('that refuses the token is unavailable, and no token is in the error', async () => {
    const { password } = countingTokens(3_600_000);
    const { repository } = await openRepository({ isGood: () => false, pooler: false }, { password });
    const error = await repository.ping().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'database_unavailable' });
    expect(`${(error as Error).message}${String((error as Error).cause)}`).not.toContain('token-1');
  });

  it('is migrated with a token', async () => {
    const { password } = countingTokens(3_600_000);
    const door = await startFakePgBouncer(database.url, { pooler: false });
    open.push(door);
    const migrationsDir = join(import.meta.dirname, '../../src/db/migrations');
    expect(await migrateDatabase({ databaseUrl: door.url, migrationsDir, password })).toEqual([]);
    expect(door.logins).toMatchObject([{ password: 'token-1' }]);
  });
});

describe('a database behind PgBouncer', () => {
  it('refuses what a pool states at the start of a connection unless it is told of PgBouncer', async () => {
    const { repository } = await openRepository({}, { password: () => 'p' });
    const error = await repository.ping().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'database_unavailable' });
    expect(String((error as Error).cause)).toContain('unsupported startup parameter: statement_timeout');
  });

  it('is given nothing but user and database', async () => {
    const { door, repository } = await openRepository({}, { password: () => 'p', pooler: 'pgbouncer' });
    await repository.ping();
    expect(await repository.migrationsApplied()).toBe(true);
    const names = door.logins.map(({ parameters }) => Object.keys(parameters).sort().join());
    expect(new Set(names)).toEqual(new Set(['client_encoding,database,user']));
  });

  it('without it, the time limits are stated', async () => {
    const { door, repository } = await openRepository({ pooler: false }, { password: () => 'p' });
    await repository.ping();
    expect(door.logins[0]?.parameters).toMatchObject({
      statement_timeout: '30000',
      idle_in_transaction_session_timeout: '30000',
    });
  });
});
