import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Credential, createTokenSource } from '../../src/identity/create-token-source.ts';
import { toAzureCredential } from '../../src/identity/to-azure-credential.ts';
import { startFakeManagedIdentity } from '../support/fake-managed-identity.ts';

const scope = 'https://vault.azure.net/.default';
const minute = 60_000;

describe('tokens of the managed identity, as Functions offers it', () => {
  let identity: Awaited<ReturnType<typeof startFakeManagedIdentity>>;
  // One for all: the library remembers for the life of the process where tokens come from.
  beforeAll(async () => {
    identity = await startFakeManagedIdentity();
  });
  beforeEach(() => identity.reset());
  afterAll(() => identity.close());

  it('asks for the named identity once, however many want a token', async () => {
    const clientId = randomUUID();
    const tokens = createTokenSource({ clientId });
    const got = await Promise.all(Array.from({ length: 20 }, () => tokens.getToken(scope)));
    expect(new Set(got)).toEqual(new Set(['entra-token-1']));
    expect(identity.requests).toEqual([
      { resource: 'https://vault.azure.net', clientId, header: identity.header },
    ]);
  });

  it('has a token for each scope, also through the credential for SDKs', async () => {
    const tokens = createTokenSource({ clientId: randomUUID() });
    const credential = toAzureCredential(tokens);
    const one = await credential.getToken(['https://storage.azure.com/.default']);
    expect(one.expiresOnTimestamp).toBeGreaterThan(Date.now() + 80_000_000);
    expect(await tokens.getToken('https://storage.azure.com/.default')).toBe(one.token);
    expect((await credential.getToken(scope)).token).not.toBe(one.token);
    await expect(credential.getToken(['a', 'b'])).rejects.toThrow(RangeError);
    expect(identity.requests.map(({ resource }) => resource)).toEqual([
      'https://storage.azure.com',
      'https://vault.azure.net',
    ]);
  });

  it('takes whatever DefaultAzureCredential finds where no identity is named', async () => {
    process.env.AZURE_TOKEN_CREDENTIALS = 'ManagedIdentityCredential';
    expect(await createTokenSource({ clientId: null }).getToken(scope)).toBe('entra-token-1');
    delete process.env.AZURE_TOKEN_CREDENTIALS;
    expect(identity.requests[0]?.clientId).toBeNull();
  });

  it('says identity_unavailable for an identity that the platform does not know, without the header', async () => {
    identity.state.status = 400;
    const error = await createTokenSource({ clientId: randomUUID() })
      .getToken(scope)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'AppError', code: 'identity_unavailable' });
    expect(String((error as Error).cause)).not.toContain(identity.header);
  });
});

const setUp = () => {
  const state = { now: Date.UTC(2026, 0, 1), lifeMs: 60 * minute, fails: false, asked: 0 };
  const failures: unknown[] = [];
  const credential: Credential = {
    getToken: async () => {
      state.asked += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (state.fails) throw Object.assign(new Error('Bearer abcdefgh was no good'), { statusCode: 503 });
      return { token: `t${state.asked}`, expiresOnTimestamp: state.now + state.lifeMs };
    },
  };
  const tokens = createTokenSource({
    clientId: null,
    loadCredential: async () => credential,
    now: () => state.now,
    onRenewalFailed: (error) => failures.push(error),
  });
  /** Waits for what goes on beside the callers. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
  return { state, failures, tokens, settled };
};

describe('renewing a token', () => {
  it('keeps it until five minutes before its end, then renews it beside the callers', async () => {
    const { state, tokens, settled } = setUp();
    expect(await tokens.getToken(scope)).toBe('t1');
    state.now += 55 * minute - 1;
    expect(await tokens.getToken(scope)).toBe('t1');
    expect(state.asked).toBe(1);
    state.now += 1;
    expect(await Promise.all([tokens.getToken(scope), tokens.getToken(scope)])).toEqual(['t1', 't1']);
    await settled();
    expect(state.asked).toBe(2);
    expect(await tokens.getToken(scope)).toBe('t2');
  });

  it('goes on with the old one while renewing fails, trying four times a minute, until it ends', async () => {
    const { state, failures, tokens, settled } = setUp();
    await tokens.getToken(scope);
    state.fails = true;
    state.now += 56 * minute;
    for (let second = 0; second < 60; second += 1) {
      expect(await tokens.getToken(scope)).toBe('t1');
      await settled();
      state.now += 1000;
    }
    expect(failures).toHaveLength(4);
    state.now += 2.5 * minute + 15_000;
    // So little is left that callers wait for the renewal, and still get the old one when it fails.
    expect(await tokens.getToken(scope)).toBe('t1');
    state.now += minute;
    const error = await tokens.getToken(scope).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'identity_unavailable', retryable: true });
    expect(String((error as Error).cause)).not.toContain('abcdefgh');
    state.fails = false;
    expect(await tokens.getToken(scope)).toMatch(/^t\d+$/);
  });

  it('asks for a token that the identity gave again no more often than four times a minute', async () => {
    const { state, tokens, settled } = setUp();
    state.lifeMs = 4 * minute;
    for (let second = 0; second < 30; second += 1) {
      await tokens.getToken(scope);
      await settled();
      state.now += 1000;
    }
    expect(state.asked).toBeLessThanOrEqual(3);
  });

  it.each([
    ['an identity that is not there', { name: 'CredentialUnavailableError' }, false],
    ['no way to it', { name: 'CredentialUnavailableError', message: 'Network unreachable' }, true],
    ['one that Entra does not know', { statusCode: 401 }, false],
    ['haste', { statusCode: 429 }, true],
    ['a service that is down', {}, true],
  ])('tells whether it may pass: %s', async (_, facts, retryable) => {
    const loadCredential = async () => ({
      getToken: () => Promise.reject(Object.assign(new Error('no'), facts)),
    });
    const tokens = createTokenSource({ clientId: null, loadCredential });
    await expect(tokens.getToken(scope)).rejects.toMatchObject({ code: 'identity_unavailable', retryable });
  });
});
