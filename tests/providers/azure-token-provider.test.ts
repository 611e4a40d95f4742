import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { createAzureTokenProvider } from '../../src/providers/azure-token-provider.ts';

const names = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'AZURE_TOKEN_CREDENTIALS'];
afterEach(() => {
  for (const name of names) delete process.env[name];
});

it('gets and caches a token of the managed identity as Functions offers it', async () => {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const expires = Math.floor(Date.now() / 1000) + 86_400;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: 'entra-token', expires_on: expires, token_type: 'Bearer' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`;
  process.env.IDENTITY_HEADER = 'secret-of-the-worker';
  process.env.AZURE_TOKEN_CREDENTIALS = 'ManagedIdentityCredential';

  const token = createAzureTokenProvider({ clientId: '11111111-2222-3333-4444-555555555555' });
  expect(await token()).toBe('entra-token');
  expect(await token()).toBe('entra-token');
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });

  expect(seen).toHaveLength(1);
  const url = new URL(seen[0]?.url ?? '', 'http://local');
  expect(url.searchParams.get('resource')).toBe('https://ai.azure.com');
  expect(url.searchParams.get('client_id')).toBe('11111111-2222-3333-4444-555555555555');
  expect(seen[0]?.headers['x-identity-header']).toBe('secret-of-the-worker');
});
