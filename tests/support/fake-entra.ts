import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { startServer } from './start-server.ts';

export const tenant = '11111111-2222-3333-4444-555555555555';
export const audience = '99999999-8888-7777-6666-555555555555';
export const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`;

type SigningKey = { kid: string; privateKey: CryptoKey; published: Record<string, unknown> };

const newKey = async (): Promise<SigningKey> => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = randomUUID();
  // Entra publishes no `alg` with its keys.
  return { kid, privateKey, published: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
};

/** Claims of an access token of version 2, as Entra gives it to a person; times in epoch seconds. */
export const userClaims = (nowSeconds: number) => ({
  aud: audience,
  iss: issuer,
  iat: nowSeconds,
  nbf: nowSeconds,
  exp: nowSeconds + 3600,
  azp: '22222222-0000-0000-0000-000000000000',
  azpacr: '0',
  oid: '33333333-0000-0000-0000-000000000000',
  preferred_username: 'ada@example.com',
  roles: ['Researcher'],
  scp: 'access_as_user',
  sub: 'pairwise-subject',
  tid: tenant,
  ver: '2.0',
});

/** Entra's published keys, over HTTP, and tokens signed with them. */
export const startFakeEntra = async () => {
  const state = { keys: [await newKey()], fetches: 0, status: 200 };
  const server = await startServer((_request, response) => {
    state.fetches += 1;
    response.writeHead(state.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: state.keys.map(({ published }) => published) }));
  });
  const newest = (): SigningKey => {
    const key = state.keys.at(-1);
    if (key === undefined) throw new Error('no key is published');
    return key;
  };
  return {
    ...server,
    jwksUrl: `${server.url}/discovery/v2.0/keys`,
    state,
    newKey,
    newest,
    sign: (claims: JWTPayload, { kid, privateKey }: SigningKey = newest()) =>
      new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid }).sign(privateKey),
  };
};
