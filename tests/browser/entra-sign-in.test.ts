import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { audience, startFakeEntra, tenant } from '../support/fake-entra.ts';
import { dashboardClientId, dashboardScope, startFakeEntraLogin } from '../support/fake-entra-login.ts';
import { describeInBrowser, keepPicture, seriousFaults, withoutBrowser } from '../support/open-browser.ts';
import { type OpenDashboard, openDashboard } from '../support/open-dashboard.ts';
import type { RunningApp } from '../support/running-app.ts';

const stepMs = 60_000;

describeInBrowser(`sign-in with Entra${withoutBrowser}`, () => {
  let entra: Awaited<ReturnType<typeof startFakeEntra>>;
  let login: Awaited<ReturnType<typeof startFakeEntraLogin>>;
  let dashboard: OpenDashboard;
  let app: RunningApp;
  let page: Page;
  let complaints: string[] = [];
  const open = (path: string) => page.goto(`${app.host.url}${path}`);
  const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const link = (name: string) => page.getByRole('link', { name, exact: true });
  const signInWithEntra = async () => {
    await button('Sign in with Microsoft').click();
    await link('Go on').click();
  };
  const signOut = async () => {
    await button('Sign out').click();
    await page.getByLabel('API key').waitFor();
  };

  beforeAll(async () => {
    entra = await startFakeEntra();
    login = await startFakeEntraLogin(entra);
    dashboard = await openDashboard({
      settings: {
        SQ_ENTRA_AUDIENCE: audience,
        SQ_ENTRA_TENANTS: tenant,
        SQ_ENTRA_JWKS_URL: entra.jwksUrl,
        SQ_ENTRA_ROLES: JSON.stringify({
          Researcher: ['study:read', 'inference:write'],
          Operator: ['admin'],
        }),
        SQ_ENTRA_CLIENT_ID: dashboardClientId,
        SQ_ENTRA_SCOPE: dashboardScope,
        SQ_ENTRA_AUTHORITY: login.authority,
      },
      others: [login.url],
    });
    ({ app, page, complaints } = dashboard);
  }, stepMs);
  beforeEach(() => {
    Object.assign(login.state, { claims: {}, isAway: false });
    complaints.splice(0);
  });

  afterAll(async () => {
    await dashboard?.close();
    await login?.close();
    await entra?.close();
  });

  it(
    'leads to the page one came for, leaves no token behind, and ends when one signs out',
    async () => {
      const response = await open('/runs?outcome=ok');
      expect(response?.headers()['content-security-policy']).toContain(`connect-src 'self' ${login.url};`);
      await button('Sign in with Microsoft').waitFor();
      for (const [width, theme] of [
        [390, 'dark'],
        [390, 'light'],
        [1440, 'light'],
      ] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme: theme });
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThan(1);
        expect(await seriousFaults(page)).toEqual([]);
        await keepPicture(page, `sign-in-entra-${width}-${theme}`);
      }
      await signInWithEntra();
      await heading('Runs').waitFor();
      expect(page.url()).toBe(`${app.host.url}/runs?outcome=ok`);
      expect(await page.getByLabel('Outcome').inputValue()).toBe('ok');
      await page.getByText('ada@example.com').waitFor();
      expect(login.state.visits.at(-1)?.get('prompt')).toBe('select_account');

      const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
      const [token = ''] = login.state.accessTokens;
      expect(token).toMatch(/^eyJ/);
      expect(kept).not.toMatch(/eyJ|refresh-|secret|verifier/i);
      const cookies = await dashboard.context.cookies();
      expect(cookies.map(({ name, httpOnly }) => [name, httpOnly])).toEqual([['sq_session', true]]);
      expect(app.lines.join('\n')).not.toContain(token.slice(0, 50));
      const cookie = `sq_session=${cookies[0]?.value}`;
      const ask = () => fetch(`${app.host.url}/api/v1/session`, { headers: { cookie } });
      expect(await (await ask()).json()).toMatchObject({ owner: 'ada@example.com', credential: 'entra' });
      await signOut();
      expect((await ask()).status).toBe(401);
      expect(complaints).toEqual([]);
    },
    stepMs,
  );

  it(
    'says which role is missing, and a key still opens the page',
    async () => {
      login.state.claims = { roles: ['Visitor'] };
      await open('/settings');
      await signInWithEntra();
      await heading('You have no role here').waitFor();
      await page
        .getByText('ada@example.com has none of the roles that count here: Researcher, Operator.')
        .waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      for (const width of [390, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await keepPicture(page, `sign-in-no-role-${width}-light`);
      }
      // The browser itself reports the 403 that was provoked.
      expect(complaints).toEqual([expect.stringContaining('403')]);
      await page.getByLabel('API key').fill(app.adminKey);
      await button('Sign in').last().click();
      await heading('Settings').waitFor();
      expect(page.url()).toBe(`${app.host.url}/settings`);
      await signOut();
    },
    stepMs,
  );

  it(
    'tells what went wrong on the way, and begins again',
    async () => {
      await open('/runs');
      await button('Sign in with Microsoft').click();
      await link('Cancel').click();
      await heading('The sign-in was given up').waitFor();
      expect(await page.getByText('evil').count()).toBe(0);
      expect(page.url()).toBe(`${app.host.url}/sign-in`);

      login.state.claims = { aud: 'https://graph.microsoft.com' };
      await signInWithEntra();
      await heading('The sign-in was not accepted').waitFor();
      await page.getByText(/for another application/).waitFor();

      await button('Sign in with Microsoft').click();
      await link('Go on').waitFor();
      login.state.isAway = true;
      await link('Go on').click();
      await heading('The login server cannot be reached').waitFor();
      await button('Sign in with Microsoft').click();
      await button('Sign in with Microsoft').and(page.locator(':enabled')).waitFor();
      await heading('The login server cannot be reached').waitFor();
      login.state.isAway = false;

      await page.goto('about:blank');
      await open('/sign-in#code=somebody-elses&state=of-another-tab');
      await heading('This sign-in is not known here').waitFor();
      expect(page.url()).toBe(`${app.host.url}/sign-in`);
      login.state.claims = {};
      await page.goBack();
      await open('/runs');
      // Given up by the back button: the next attempt is not in its way.
      await button('Sign in with Microsoft').click();
      await link('Go on').waitFor();
      await page.goBack();
      await signInWithEntra();
      await heading('Runs').waitFor();
      await signOut();
    },
    stepMs,
  );

  it(
    'goes on while the page is open, and asks in time where it cannot',
    async () => {
      // Renewed after three seconds; refused after two more.
      Object.assign(login.state, { grants: [], lifetimesSeconds: [303, 302], renewalsLeft: 1 });
      await open('/runs?outcome=ok');
      await signInWithEntra();
      await heading('Runs').waitFor();
      await page.getByText('Your sign-in ends in').waitFor();
      expect(login.state.grants).toEqual(['authorization_code', 'refresh_token']);
      // The browser itself reports the refusal.
      expect(complaints).toEqual([expect.stringContaining('400')]);
      for (const width of [390, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await keepPicture(page, `sign-in-ends-${width}-light`);
      }
      expect(await seriousFaults(page)).toEqual([]);
      await button('Sign in again').click();
      await link('Cancel').click();
      await heading('The sign-in was given up').waitFor();
      await button('Back to where you were').click();
      await heading('Runs').waitFor();
      await button('Sign in again').click();
      await link('Go on').click();
      await heading('Runs').waitFor();
      expect(page.url()).toBe(`${app.host.url}/runs?outcome=ok`);
      expect(login.state.visits.at(-1)?.get('login_hint')).toBe('ada@example.com');
      expect(login.state.visits.at(-1)?.has('prompt')).toBe(false);
      expect(await page.getByText('Your sign-in ends').count()).toBe(0);
    },
    stepMs,
  );
});
