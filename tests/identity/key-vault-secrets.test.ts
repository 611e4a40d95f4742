import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/config/secret.ts';
import { KeyVaultName } from '../../src/config/secret-setting.ts';
import { createSecretSource } from '../../src/identity/create-secret-source.ts';
import { createKeyVaultSecrets } from '../../src/identity/key-vault-secrets.ts';
import { startFakeKeyVault } from '../support/fake-key-vault.ts';
import { trustLocalCertificate } from '../support/local-certificate.ts';

const second = 1000;
const ttlMs = 300 * second;

let vault: Awaited<ReturnType<typeof startFakeKeyVault>>;
beforeAll(trustLocalCertificate);
beforeEach(async () => {
  vault = await startFakeKeyVault({ 'openai-key': 'first-value' });
});
afterEach(() => vault.close());

const setUp = () => {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const values: string[] = [];
  const stale: [string, unknown][] = [];
  const secrets = createKeyVaultSecrets({
    vaultUrl: `${vault.url}/`,
    credential: {
      getToken: async () => ({ token: 'entra-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
    },
    ttlMs,
    now: () => clock.now,
    onValue: (value) => values.push(value),
    onStale: (name, error) => stale.push([name, error]),
    clientOptions: { disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } },
  });
  const read = async () => (await secrets.get('openai-key')).reveal();
  return { clock, values, stale, secrets, read };
};

const thrownBy = (work: Promise<unknown>) => work.catch((error: unknown) => error);

describe('secrets of Key Vault', () => {
  it('answers the challenge with a token, and reads once for all until the TTL is over', async () => {
    const { clock, values, read } = setUp();
    expect(await Promise.all([read(), read(), read()])).toEqual(Array(3).fill('first-value'));
    clock.now += ttlMs - 1;
    expect(await read()).toBe('first-value');
    expect(vault.reads).toEqual(['openai-key']);
    expect(vault.state.challenges).toBe(1);
    expect([...vault.state.tokens]).toEqual(['entra-token']);
    expect(values).toEqual(['first-value']);
  });

  it('uses a rotated secret after the TTL, and tells the log before anybody has it', async () => {
    const { clock, values, read } = setUp();
    await read();
    vault.secrets['openai-key'] = 'second-value';
    clock.now += ttlMs - 1;
    expect(await read()).toBe('first-value');
    clock.now += 1;
    expect(await read()).toBe('second-value');
    expect(values).toEqual(['first-value', 'second-value']);
  });

  it('goes on with the last known value while the vault is away, and asks it every five seconds', async () => {
    const { clock, stale, read } = setUp();
    await read();
    vault.state.trouble = { status: 503, code: 'ServiceUnavailable' };
    clock.now += ttlMs;
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await read()).toBe('first-value');
      clock.now += second;
    }
    expect(vault.reads).toHaveLength(3);
    expect(stale.map(([name]) => name)).toEqual(['openai-key', 'openai-key']);
    expect(stale[0]?.[1]).toMatchObject({ code: 'identity_unavailable' });
    vault.state.trouble = null;
    vault.secrets['openai-key'] = 'second-value';
    clock.now += 5 * second;
    expect(await read()).toBe('second-value');
  });

  it('does not make callers wait for a vault that hangs', async () => {
    const { clock, read } = setUp();
    await read();
    vault.state.trouble = 'silent';
    clock.now += ttlMs;
    const startedAt = performance.now();
    expect(await read()).toBe('first-value');
    expect(performance.now() - startedAt).toBeLessThan(2500);
  });

  it.each([
    ['forbids it', { status: 403, code: 'Forbidden' }],
    ['is away', { status: 503, code: 'ServiceUnavailable' }],
  ])('fails a first read as retryable when the vault %s, at most every five seconds', async (_, trouble) => {
    const { clock, read } = setUp();
    vault.state.trouble = trouble;
    const error = await thrownBy(read());
    expect(error).toMatchObject({ code: 'identity_unavailable', retryable: true });
    expect(String((error as Error).cause)).toContain(trouble.code);
    expect(`${(error as Error).stack}${String((error as Error).cause)}`).not.toContain('entra-token');
    expect(await thrownBy(read())).toBe(error);
    expect(vault.reads).toHaveLength(1);
    vault.state.trouble = null;
    clock.now += 5 * second;
    expect(await read()).toBe('first-value');
  });

  it('names the secret that is not there', async () => {
    const { secrets } = setUp();
    const error = await thrownBy(secrets.get('no-such-secret'));
    expect(error).toMatchObject({ message: 'Key Vault gave no secret no-such-secret.', retryable: true });
  });
});

describe('a refused secret', () => {
  it('is read again once, and kept when it is the same', async () => {
    const { clock, secrets, read } = setUp();
    await read();
    clock.now += 60 * second;
    const refused = new Secret('first-value');
    expect((await secrets.renew('openai-key', refused)).reveal()).toBe('first-value');
    expect((await secrets.renew('openai-key', refused)).reveal()).toBe('first-value');
    expect(vault.reads).toHaveLength(2);
  });

  it('gives way to its successor at once, with one read for all who were refused', async () => {
    const { clock, secrets, read } = setUp();
    await read();
    clock.now += 60 * second;
    vault.secrets['openai-key'] = 'second-value';
    const renewed = await Promise.all(
      Array.from({ length: 10 }, () => secrets.renew('openai-key', new Secret('first-value'))),
    );
    expect(new Set(renewed.map((secret) => secret.reveal()))).toEqual(new Set(['second-value']));
    expect(await read()).toBe('second-value');
    expect(vault.reads).toHaveLength(2);
  });

  it('stays in use while the vault is away', async () => {
    const { clock, secrets, stale, read } = setUp();
    await read();
    clock.now += 60 * second;
    vault.state.trouble = { status: 500, code: 'InternalError' };
    expect((await secrets.renew('openai-key', new Secret('first-value'))).reveal()).toBe('first-value');
    expect(stale).toHaveLength(1);
  });
});

describe('the secrets of settings', () => {
  it('come from the environment or from the vault, as the setting says', async () => {
    const { secrets } = setUp();
    const inVault = KeyVaultName.read('keyvault:openai-key');
    if (inVault === null) throw new Error('no name');
    const source = createSecretSource({ SQ_A: new Secret('from-environment'), SQ_B: inVault }, secrets);
    expect((await source.get('SQ_A')).reveal()).toBe('from-environment');
    expect((await source.renew('SQ_A', new Secret('from-environment'))).reveal()).toBe('from-environment');
    expect((await source.get('SQ_B')).reveal()).toBe('first-value');
    await expect(source.get('SQ_C')).rejects.toThrow('SQ_C holds no secret');
    await expect(source.get('constructor')).rejects.toThrow('holds no secret');
  });
});
