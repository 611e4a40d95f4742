import { randomUUID } from 'node:crypto';
import { startServer } from './start-server.ts';

export type TokenRequest = { resource: string | null; clientId: string | null; header: string | undefined };

const names = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'];

/**
 * The token endpoint that App Service and Functions offer to their own process, as `@azure/identity` finds it: by environment.
 * @see https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export const startFakeManagedIdentity = async () => {
  const requests: TokenRequest[] = [];
  const state = { status: 200, lifeSeconds: 86_400, issued: 0 };
  const header = randomUUID();
  const server = await startServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://local');
    const given = request.headers['x-identity-header'];
    requests.push({
      resource: searchParams.get('resource'),
      clientId: searchParams.get('client_id'),
      header: typeof given === 'string' ? given : undefined,
    });
    response.statusCode = given === header ? state.status : 401;
    response.setHeader('content-type', 'application/json');
    if (response.statusCode !== 200) {
      response.end(JSON.stringify({ statusCode: response.statusCode, message: 'No managed identity' }));
      return;
    }
    state.issued += 1;
    response.end(
      JSON.stringify({
        access_token: `entra-token-${state.issued}`,
        expires_on: String(Math.floor(Date.now() / 1000) + state.lifeSeconds),
        resource: searchParams.get('resource'),
        token_type: 'Bearer',
        client_id: searchParams.get('client_id'),
      }),
    );
  });
  process.env.IDENTITY_ENDPOINT = `${server.url}/msi/token`;
  process.env.IDENTITY_HEADER = header;
  return {
    requests,
    state,
    header,
    reset: () => {
      requests.length = 0;
      Object.assign(state, { status: 200, lifeSeconds: 86_400, issued: 0 });
    },
    close: async () => {
      for (const name of names) delete process.env[name];
      await server.close();
    },
  };
};
