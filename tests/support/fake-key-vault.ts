import { startSecureServer } from './start-server.ts';

/** What the vault answers instead of a secret. */
type Trouble = { status: number; code: string } | 'silent' | null;

/**
 * The secrets of a vault over its REST API: a challenge for a request without a token, then the newest version of a secret.
 * @see https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
 */
export const startFakeKeyVault = async (secrets: Record<string, string>) => {
  const reads: string[] = [];
  const state = { trouble: null as Trouble, challenges: 0, tokens: new Set<string>() };
  const server = await startSecureServer((request, response) => {
    const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      state.challenges += 1;
      return answer(
        401,
        { error: { code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' } },
        {
          'www-authenticate':
            'Bearer authorization="https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555", resource="https://vault.azure.net"',
        },
      );
    }
    state.tokens.add(token);
    const { pathname, searchParams } = new URL(request.url ?? '', server.url);
    const name = /^\/secrets\/([^/]+)\/?$/.exec(pathname)?.[1] ?? '';
    reads.push(name);
    const { trouble } = state;
    if (trouble === 'silent') return undefined;
    if (trouble !== null)
      return answer(trouble.status, { error: { code: trouble.code, message: 'trouble' } });
    if (!searchParams.has('api-version')) return answer(400, { error: { code: 'BadParameter' } });
    const value = secrets[name];
    if (value === undefined) {
      return answer(404, {
        error: { code: 'SecretNotFound', message: `A secret with (name/id) ${name} was not found` },
      });
    }
    const attributes = {
      enabled: true,
      created: 1_700_000_000,
      updated: 1_700_000_000,
      recoveryLevel: 'Recoverable',
    };
    return answer(200, { value, id: `${server.url}/secrets/${name}/0123456789abcdef`, attributes });
  });
  return { ...server, secrets, reads, state };
};
