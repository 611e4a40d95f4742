import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JWTPayload } from 'jose';
import { audience, type startFakeEntra, tenant, userClaims } from './fake-entra.ts';
import { startSecureServer } from './start-server.ts';

/** The registration that the dashboard signs in with: another one than the API's. */
export const dashboardClientId = '44444444-0000-0000-0000-000000000000';
export const dashboardScope = `${audience}/access_as_user`;

type Asked = { redirectUri: string; challenge: string; nonce: string };

const textOf = async (request: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
};
const escapeHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/**
 * Where people sign in, as far as a browser sees it: discovery, a page that asks whether to go on, and tokens for a code with
 * PKCE or for a refresh token. Over TLS with the local certificate: `@azure/msal-browser` takes nothing else.
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
 */
export const startFakeEntraLogin = async (entra: Awaited<ReturnType<typeof startFakeEntra>>) => {
  const codes = new Map<string, Asked>();
  const state = {
    /** What the next access token says otherwise. */
    claims: {} as JWTPayload,
    /** How long the next tokens last, each in its turn; those after them last an hour. */
    lifetimesSeconds: [] as number[],
    /** How often a token is renewed before Entra says no. */
    renewalsLeft: Number.POSITIVE_INFINITY,
    isAway: false,
    /** Grant types of the tokens that were given, in order. */
    grants: [] as string[],
    /** Query of each visit to the page. */
    visits: [] as URLSearchParams[],
    accessTokens: [] as string[],
  };

  const showPage = (query: URLSearchParams, response: ServerResponse) => {
    state.visits.push(query);
    const wanted = { client_id: dashboardClientId, response_type: 'code', code_challenge_method: 'S256' };
    const wrong = Object.entries(wanted).find(([name, value]) => query.get(name) !== value)?.[0];
    const redirectUri = query.get('redirect_uri') ?? '';
    if (wrong !== undefined || !query.get('scope')?.split(' ').includes(dashboardScope)) {
      response.writeHead(400).end(`AADSTS9000: wrong ${wrong ?? 'scope'}`);
      return;
    }
    const code = randomUUID();
    const [challenge = '', nonce = ''] = [query.get('code_challenge') ?? '', query.get('nonce') ?? ''];
    codes.set(code, { redirectUri, challenge, nonce });
    const linkWith = (answer: Record<string, string>) =>
      escapeHtml(`${redirectUri}#${new URLSearchParams({ ...answer, state: query.get('state') ?? '' })}`);
    const declined = {
      error: 'access_denied',
      error_description: 'AADSTS65004: User declined to consent to access the app. <b>evil</b>',
    };
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(
      `<!doctype html><title>Fake Entra</title><link rel="icon" href="data:,"><a href="${linkWith({ code })}">Go on</a> <a href="${linkWith(declined)}">Cancel</a>`,
    );
  };

  const tokensFor = async (nonce: string | undefined) => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const lastsSeconds = state.lifetimesSeconds.shift() ?? 3600;
    const claims = { ...userClaims(nowSeconds), exp: nowSeconds + lastsSeconds };
    const { azp: _, scp: __, roles: ___, ...known } = claims;
    const accessToken = await entra.sign({ ...claims, azp: dashboardClientId, ...state.claims });
    state.accessTokens.push(accessToken);
    return {
      token_type: 'Bearer',
      scope: dashboardScope,
      expires_in: lastsSeconds,
      access_token: accessToken,
      id_token: await entra.sign({ ...known, aud: dashboardClientId, ...(nonce !== undefined && { nonce }) }),
      refresh_token: `refresh-${randomUUID()}`,
      client_info: Buffer.from(JSON.stringify({ uid: known.oid, utid: tenant })).toString('base64url'),
    };
  };

  const redeem = (form: URLSearchParams): string | undefined => {
    if (form.get('client_id') !== dashboardClientId) throw new Error('unauthorized_client');
    if (form.get('grant_type') === 'refresh_token') {
      if (state.renewalsLeft === 0 || !form.get('refresh_token')?.startsWith('refresh-'))
        throw new Error('invalid_grant');
      state.renewalsLeft -= 1;
      return undefined;
    }
    const asked = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (asked?.challenge !== challenge || asked.redirectUri !== form.get('redirect_uri'))
      throw new Error('invalid_grant');
    return asked.nonce;
  };

  const answerToken = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams(await textOf(request));
    const send = (status: number, body: unknown) => {
      // Entra gives a browser tokens for its own origin only, and it says so.
      response.writeHead(status, {
        'content-type': 'application/json',
        'access-control-allow-origin': request.headers.origin ?? 'null',
      });
      response.end(JSON.stringify(body));
    };
    try {
      const nonce = redeem(form);
      state.grants.push(form.get('grant_type') ?? '');
      send(200, await tokensFor(nonce));
    } catch (error) {
      send(400, { error: String(error).slice('Error: '.length), error_description: 'AADSTS70000: no.' });
    }
  };

  const server = await startSecureServer((request, response) => {
    const { pathname, searchParams, origin } = new URL(request.url ?? '', `https://${request.headers.host}`);
    if (state.isAway) response.destroy();
    else if (pathname === `/${tenant}/oauth2/v2.0/authorize`) showPage(searchParams, response);
    else if (pathname === `/${tenant}/oauth2/v2.0/token`) void answerToken(request, response);
    else if (pathname === `/${tenant}/v2.0/.well-known/openid-configuration`) {
      response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
      response.end(
        JSON.stringify({
          issuer: `${origin}/${tenant}/v2.0`,
          authorization_endpoint: `${origin}/${tenant}/oauth2/v2.0/authorize`,
          token_endpoint: `${origin}/${tenant}/oauth2/v2.0/token`,
          end_session_endpoint: `${origin}/${tenant}/oauth2/v2.0/logout`,
          jwks_uri: `${origin}/${tenant}/discovery/v2.0/keys`,
        }),
      );
    } else response.writeHead(404).end();
  });
  return { ...server, authority: `${server.url}/${tenant}`, state };
};
