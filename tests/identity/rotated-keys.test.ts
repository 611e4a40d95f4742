import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.ts';
import { createIdentity } from '../../src/identity/create-identity.ts';
import { createServices, type Services } from '../../src/services.ts';
import { createLogger } from '../../src/telemetry/create-logger.ts';
import { createFakeConductor } from '../support/fake-conductor.ts';
import { startFakeKeyVault } from '../support/fake-key-vault.ts';
import { startFakeManagedIdentity } from '../support/fake-managed-identity.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { trustLocalCertificate } from '../support/local-certificate.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const adminKey = `sq_${'v'.repeat(43)}`;
const question = { provider: 'openai', model: 'gpt-4o', prompt: 'hello' };
const caller = { requestId: null, apiKeyId: null };

let database: TestDatabase;
let managed: Awaited<ReturnType<typeof startFakeManagedIdentity>>;
let vault: Awaited<ReturnType<typeof startFakeKeyVault>>;
let provider: FakeProvider;
beforeAll(async () => {
  trustLocalCertificate();
  [database, managed, vault, provider] = await Promise.all([
    createTestDatabase(),
    startFakeManagedIdentity(),
    startFakeKeyVault({}),
    startFakeProvider(),
  ]);
});
afterAll(() => Promise.all([database.drop(), managed.close(), vault.close(), provider.close()]));
beforeEach(() => {
  Object.assign(vault.secrets, { openai: 'first-provider-key', admin: adminKey });
  vault.state.trouble = null;
  clock.aheadMs = 0;
  provider.reset();
});

/** The provider as it is after a rotation: one key is good. */
const accepts = (key: string) =>
  provider.respondWith(({ headers }) =>
    headers.authorization === `Bearer ${key}`
      ? { body: { model: 'gpt-4o', choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }] } }
      : {
          status: 401,
          body: {
            error: { message: `Incorrect API key: ${headers.authorization}`, code: 'invalid_api_key' },
          },
        },
  );

const clock = { aheadMs: 0 };

const withServices = async (work: (services: Services, lines: string[]) => Promise<void>) => {
  const config = loadConfig({
    DATABASE_URL: database.url,
    AZURE_CLIENT_ID: '11111111-2222-3333-4444-555555555555',
    SQ_KEY_VAULT_URL: vault.url,
    SQ_OPENAI_KEY: 'keyvault:openai',
    SQ_OPENAI_BASE_URL: provider.baseUrls.openai,
    SQ_ADMIN_KEY: 'keyvault:admin',
  });
  const lines: string[] = [];
  const secrets = new Set<string>();
  const logger = createLogger({ level: 'debug', secrets, write: (line) => lines.push(line) });
  const identity = createIdentity(config, {
    logger,
    onSecret: (value) => secrets.add(value),
    keyVaultOptions: {
      now: () => Date.now() + clock.aheadMs,
      clientOptions: { disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } },
    },
  });
  const services = createServices(config, { logger, conductor: createFakeConductor(), identity });
  try {
    await work(services, lines);
  } finally {
    await services.close();
  }
};

describe('a provider whose key is in Key Vault', () => {
  it('is asked with the secret of the vault, read with a token of the identity', async () => {
    accepts('first-provider-key');
    await withServices(async ({ inferenceService }) => {
      const { inference } = await inferenceService.run(question, caller);
      expect(inference).toMatchObject({ outcome: 'ok', attemptCount: 1, text: 'hi' });
    });
    expect([...vault.state.tokens].every((token) => token.startsWith('entra-token-'))).toBe(true);
  });

  it('that refuses the key gets its successor in the next attempt; both are on record, neither key is', async () => {
    accepts('first-provider-key');
    await withServices(async ({ inferenceService }, lines) => {
      await inferenceService.run(question, caller);
      // As long as a read is fresh, another would bring the same.
      clock.aheadMs = 6000;
      vault.secrets.openai = 'second-provider-key';
      accepts('second-provider-key');
      const { inference } = await inferenceService.run(question, caller);
      expect(inference).toMatchObject({ outcome: 'ok', attemptCount: 2 });
      const { attempts } = await inferenceService.get(inference.id);
      expect(attempts.map(({ outcome, httpStatus }) => [outcome, httpStatus])).toEqual([
        ['provider_error', 401],
        ['ok', 200],
      ]);
      expect(JSON.stringify([attempts, lines])).not.toMatch(/(first|second)-provider-key/);
    });
  });

  it('that refuses the newest key is asked once', async () => {
    accepts('another-key');
    await withServices(async ({ inferenceService }) => {
      const { inference } = await inferenceService.run(question, caller);
      expect(inference).toMatchObject({
        outcome: 'provider_error',
        detail: 'authentication',
        attemptCount: 1,
      });
    });
  });

  it('is not asked while the vault cannot be read: retryable, and recorded as such', async () => {
    accepts('first-provider-key');
    vault.state.trouble = { status: 503, code: 'ServiceUnavailable' };
    await withServices(async ({ inferenceService }) => {
      const { inference } = await inferenceService.run({ ...question, maxAttempts: 1 }, caller);
      expect(inference).toMatchObject({
        outcome: 'provider_error',
        costUsd: '0',
        error: { retryable: true, message: expect.stringContaining('Key Vault gave no secret openai') },
      });
      expect(provider.requests).toEqual([]);
    });
  });
});

describe('a first admin key in Key Vault', () => {
  it('opens the door, and a wrong key does not', async () => {
    await withServices(async ({ accessService }, lines) => {
      expect(await accessService.authenticateKey(`sq_${'w'.repeat(43)}`)).toBeNull();
      expect(await accessService.authenticateKey(adminKey)).toMatchObject({ scopes: ['admin'] });
      expect(lines.join()).not.toContain(adminKey);
    });
  });

  it('cannot be told from a wrong one while the vault is away', async () => {
    vault.state.trouble = { status: 503, code: 'ServiceUnavailable' };
    await withServices(async ({ accessService }) => {
      await expect(accessService.authenticateKey(`sq_${'x'.repeat(43)}`)).rejects.toMatchObject({
        code: 'identity_unavailable',
      });
      // Its row is there since the test above: it needs no vault.
      expect(await accessService.authenticateKey(adminKey)).not.toBeNull();
    });
  });
});
