// Long: one session goes through every page, and each step stands on what the ones before have recorded.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page, Request } from 'playwright-core';
import { describeInBrowser, keepPicture, seriousFaults, withoutBrowser } from '../support/open-browser.ts';
import { type OpenDashboard, openDashboard } from '../support/open-dashboard.ts';
import type { RunningApp } from '../support/running-app.ts';

const stepMs = 60_000;

const lines = (count: number, prompt: string) =>
  Array.from({ length: count }, (_, number) =>
    JSON.stringify({ itemKey: `q${number + 1}`, prompt: `${prompt} ${number + 1}?` }),
  ).join('\n');
const hostile = `<script>document.title = 'taken'</script><img src="x" onerror="document.title = 'taken'">`;

describeInBrowser(`the dashboard${withoutBrowser}`, () => {
  let dashboard: OpenDashboard;
  let app: RunningApp;
  let page: Page;
  let complaints: string[] = [];
  const seen: Record<string, string> = {};
  const open = (path: string) => page.goto(`${app.host.url}${path}`);
  const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });
  const button = (name: string | RegExp) => page.getByRole('button', { name });

  beforeAll(async () => {
    dashboard = await openDashboard({
      settings: {
        SQ_ECHO: JSON.stringify([
          { name: 'echo' },
          { name: 'echo-slow', latencyMs: 300 },
          { name: 'echo-strict', filterRate: 0.4, failureRate: 0.3 },
          { name: 'echo-endless', latencyMs: 60_000, outputTokens: 2000 },
        ]),
      },
    });
    ({ app, page, complaints } = dashboard);
  }, stepMs);

  afterAll(() => dashboard?.close());

  it(
    'asks for a key, says no to a wrong one, and leads where one wanted to go',
    async () => {
      await open('/runs?outcome=ok');
      await page.getByLabel('API key').waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      await keepPicture(page, 'sign-in-1440-light');
      await page.getByLabel('API key').fill(`sq_${'x'.repeat(43)}`);
      await button('Sign in').click();
      await page.getByText('This key is unknown, expired or revoked.').waitFor();
      // The browser itself reports the 401 that was provoked.
      expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
      await page.getByLabel('API key').fill(app.adminKey);
      await button('Sign in').click();
      await heading('Runs').waitFor();
      expect(await page.getByLabel('Outcome').inputValue()).toBe('ok');
      expect(await page.evaluate(() => JSON.stringify(localStorage) + document.cookie)).not.toContain(
        app.adminKey,
      );
    },
    stepMs,
  );

  it(
    'starts a batch from JSON lines, after an estimate, and shows its end',
    async () => {
      await open('/batches');
      await page.getByText('No batches yet').waitFor();
      await page.getByRole('link', { name: 'New batch' }).click();
      await page.getByLabel('JSON lines').fill('{"itemKey": "a"}');
      await page.getByText(/Line 1: .*exactly one of prompt and messages/).waitFor();
      await page.getByLabel('JSON lines').fill(lines(20, 'What is'));
      await page.getByText('20 questions').waitFor();
      await button('Add a target').click();
      await page.getByLabel('Provider of target 2').selectOption('echo-strict');
      await page.getByLabel('Attempts').fill('1');
      await page.getByLabel('Name').fill('first questions');
      await button('Estimate cost').click();
      await page.getByRole('heading', { name: 'Estimate' }).waitFor();
      await keepPicture(page, 'batch-new-1440-light');
      await button('Start batch').click();
      await heading('first questions').waitFor();
      await page.locator('.page-title').getByText('completed').waitFor();
      await page.getByText('40 of 40 questions settled').waitFor();
      await page.getByRole('heading', { name: 'Without an answer, by cause' }).waitFor();
      seen.batch = new URL(page.url()).pathname;
      const causes = page.getByRole('region', { name: 'Without an answer, by cause' });
      await causes.getByText('echo-strict was told to fail this call (content_filter)').last().waitFor();
      const filtered = causes.getByRole('row', { name: /content filtered/ }).getByRole('button');
      const count = Number(/\d+/.exec((await filtered.textContent()) ?? '')?.[0]);
      await filtered.click();
      expect(new URL(page.url()).search).toBe(
        '?outcome=content_filtered&detail=prompt_filtered&targetIndex=1',
      );
      const items = page.getByRole('region', { name: 'Items of the batch' });
      await items
        .locator('tbody tr:not(.spacer)')
        .nth(count - 1)
        .waitFor();
      // Until they are there, the items of before stay.
      await items.locator('tbody tr:not(.spacer)').nth(count).waitFor({ state: 'detached' });
      await button(/^only prompt filtered/).click();
      await button(/^provider error/).click();
      expect(new URL(page.url()).search).toBe('?outcome=provider_error');
      const download = page.waitForEvent('download');
      await button('Export').click();
      await page.getByLabel('Format').selectOption({ label: 'OpenAI’s batch output' });
      await button('Make the file').click();
      expect((await download).suggestedFilename()).toMatch(/^results-.*\.openai\.jsonl$/);
      await button('Close').click();
      await button(/^Ask \d+ again$/).click();
      await page.locator('.page-title').getByText('completed').waitFor();
    },
    stepMs,
  );

  it(
    'starts a batch from a file, pauses it, goes on, and follows it to its end',
    async () => {
      const streams: string[] = [];
      const note = (word: string) => (request: Request) => {
        if (request.url().endsWith('/events')) streams.push(word);
      };
      // From here on: the page before may have had a stream of its own.
      await open('/batches/new');
      page.on('request', note('opened'));
      page.on('requestfailed', note('closed'));
      await page.getByLabel('Choose a file').setInputFiles({
        name: 'slow.jsonl',
        mimeType: 'application/jsonl',
        buffer: Buffer.from(lines(30, 'How slow is')),
      });
      await page.getByText('30 questions').waitFor();
      await page.getByLabel('Provider of target 1').selectOption('echo-slow');
      await page.getByLabel('Concurrency').fill('2');
      await button('Estimate cost').click();
      await button('Start batch').click();
      await page.getByText(/^[1-9]\d? of 30 questions settled$/).waitFor();
      await button('Pause').click();
      await page.locator('.page-title').getByText('paused').waitFor();
      // Whoever leaves the page listens no longer.
      await page.getByRole('link', { name: 'Batches' }).first().click();
      await heading('Batches').waitFor();
      expect(streams.length).toBeGreaterThan(0);
      expect(streams.filter((word) => word === 'opened')).toHaveLength(streams.length / 2);
      await page.goBack();
      expect(await page.getByText('30 of 30 questions settled').count()).toBe(0);
      await button('Resume').click();
      await page.locator('.page-title').getByText('completed').waitFor();
      await page.getByText('30 of 30 questions settled').waitFor();
    },
    stepMs,
  );

  it(
    'ends a batch once it is sure, by keyboard',
    async () => {
      const items = Array.from({ length: 200 }, (_, number) => ({ itemKey: `${number}`, prompt: 'Still?' }));
      const targets = [{ provider: 'echo-slow', model: 'echo-1' }];
      const batch = await app.post('/api/v1/batches', { targets, items, concurrency: 1 });
      await open(`/batches/${((await batch.json()) as { id: string }).id}`);
      await button('Cancel').focus();
      await page.keyboard.press('Enter');
      await page.getByText('Cancel this batch?').waitFor();
      await page.keyboard.press('Escape');
      await page.getByText('Cancel this batch?').waitFor({ state: 'hidden' });
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.locator('.page-title').getByText('cancelled').waitFor();
      await page.getByText('200 of 200 questions settled').waitFor();
    },
    stepMs,
  );

  it('takes a large file that is dropped, and sends it in parts', async () => {
    const big = lines(6000, `${'What does a long question cost? '.repeat(50)}Number`);
    await open('/batches/new');
    const dropped = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], 'big.jsonl'));
      return transfer;
    }, big);
    await page.locator('.drop').dispatchEvent('drop', { dataTransfer: dropped });
    await page.getByText('6,000 questions').waitFor();
    const parts: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PUT') parts.push(new URL(request.url()).pathname.split('/').at(-1) ?? '');
    });
    await button('Estimate cost').click();
    await page.getByRole('region', { name: 'Estimate' }).getByText('6,000').first().waitFor();
    expect(parts).toEqual(['1', '2']);
  }, 60_000);

  it(
    'asks two models side by side, and shows what they say as text',
    async () => {
      await open('/playground');
      await page.getByLabel('Question').fill(`A lighthouse ${hostile}`);
      const answer = page.waitForResponse((response) => response.url().endsWith('/api/v1/inferences'));
      await button('Ask 2 models').click();
      expect((await answer).headers()['content-type']).toMatch(/^text\/event-stream/);
      await page.getByRole('region', { name: 'Answer 1' }).getByText(hostile).waitFor();
      await page.getByRole('region', { name: 'Answer 2' }).getByText('Open run').waitFor();
      await page.getByRole('region', { name: 'Asked before' }).getByText('Use again').first().waitFor();
      await keepPicture(page, 'playground-answered-1440-light');
      expect(await page.title()).toBe('Playground · study-query-llm');
    },
    stepMs,
  );

  it(
    'stops an answer, keeps what has arrived, and finds it again by its address',
    async () => {
      await page.getByLabel('Question').fill('How long is forever?');
      await page.getByLabel('Provider of answer 2').selectOption('echo-endless');
      await button('Ask 2 models').click();
      const second = page.getByRole('region', { name: 'Answer 2' });
      await second.getByText(/≈ \d+ → [1-9]\d* tokens/).waitFor();
      await second.getByText(/first word after/).waitFor();
      await button('Stop').click();
      await second.getByText('cancelled').waitFor();
      await page.getByRole('region', { name: 'Answer 1' }).getByText('ok', { exact: true }).waitFor();
      const said = await second.locator('.said').textContent();
      expect(said).toMatch(/^Echo: How long is forever\?/);
      await page.reload();
      await second.getByText('cancelled').waitFor();
      expect(await second.locator('.said').textContent()).toBe(said);
      expect(await page.getByLabel('Question').inputValue()).toBe('How long is forever?');
      expect(await page.getByLabel('Provider of answer 2').inputValue()).toBe('echo-endless');
      const recorded = await app.send('/api/v1/inferences?outcome=cancelled');
      expect(await recorded.json()).toMatchObject({ data: [{ provider: 'echo-endless', text: said }] });
    },
    stepMs,
  );

  it(
    'lists more than a thousand runs with a handful of rows, and shows the beginning of a very long one',
    async () => {
      const items = Array.from({ length: 1000 }, (_, number) => ({
        itemKey: `k${number}`,
        prompt: `Count ${number}`,
        metadata: { kind: number % 2 === 0 ? 'even' : '=1+1' },
      }));
      const targets = [
        { provider: 'echo', model: `a-model-with-a-name-that-goes-on${'-and-on'.repeat(12)}` },
      ];
      const batch = await app.post('/api/v1/batches', { name: 'many', targets, items, concurrency: 64 });
      seen.many = ((await batch.json()) as { id: string }).id;
      const prompt = `A ship's log: ${'wind and water. '.repeat(6500)}`;
      await app.post('/api/v1/inferences', { prompt, provider: 'echo', model: 'echo-1' });
      await open(`/batches/${seen.many}`);
      await page.locator('.page-title').getByText('completed').waitFor();
      await open('/runs');
      const table = page.getByRole('region', { name: 'Runs' });
      for (let place = 0; (await page.getByText(/^1,\d\d\d runs/).count()) === 0; place++) {
        expect(place).toBeLessThan(200);
        await table.evaluate((box) => box.scrollTo(0, box.scrollHeight));
        await page.waitForTimeout(50);
      }
      expect(await table.locator('tbody tr').count()).toBeLessThan(60);
      await open('/runs?provider=echo&text=ship');
      await page.locator('.hits a').first().click();
      await button('Show all 104,014 characters').click();
      expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(5000);
    },
    stepMs,
  );

  it(
    'filters runs, keeps the filter in the address, opens one and asks it again',
    async () => {
      await open('/runs');
      await page.getByLabel('Words').fill('lighthouse');
      await page.getByLabel('Words').press('Enter');
      await page.waitForURL('**/runs?text=lighthouse');
      await page.getByText('2 runs').waitFor();
      await page.reload();
      await page.getByText('2 runs').waitFor();
      await page.locator('.hits a').first().click();
      await heading(/^Run /).waitFor();
      await page.getByRole('heading', { name: 'Calls to the provider' }).waitFor();
      expect(await page.getByText(hostile).count()).toBeGreaterThan(1);
      expect(await page.title()).toMatch(/^Run /);
      expect(await page.locator('main script, main img').count()).toBe(0);
      seen.run = new URL(page.url()).pathname;
      await button('Ask again').click();
      await page.waitForURL((url) => url.pathname.startsWith('/runs/') && url.pathname !== seen.run);
      await heading(/^Run /).waitFor();
    },
    stepMs,
  );

  it(
    'shows figures of the study with their intervals, and two targets against each other',
    async () => {
      await open('/study?by=provider');
      await page.getByRole('region', { name: 'Comparison as a table' }).getByText('echo-strict').waitFor();
      await page.getByRole('img', { name: 'success by provider' }).locator('svg circle').first().waitFor();
      await page
        .getByRole('img', { name: /^runs by the day/ })
        .locator('svg circle')
        .first()
        .waitFor();
      await page
        .getByRole('img', { name: /^Distribution of latency/ })
        .locator('svg rect')
        .first()
        .waitFor();
      const saved = page.waitForEvent('download');
      await button('SVG').first().click();
      expect((await saved).suggestedFilename()).toBe('successRate-by-provider.svg');
      const drawn = () => page.getByRole('img', { name: /by provider$/ }).innerHTML();
      const before = await drawn();
      await page.getByLabel('Figure').selectOption('latencyMsP95');
      await page.waitForURL('**figure=latencyMsP95**');
      await page.getByRole('img', { name: 'latency p95 by provider' }).waitFor();
      const both = await drawn();
      expect(both).not.toBe(before);
      await page.getByLabel('Provider').first().selectOption('echo-slow');
      await page.waitForURL('**provider=echo-slow**');
      await page
        .getByRole('region', { name: 'Comparison as a table' })
        .getByText('echo-strict')
        .waitFor({ state: 'detached' });
      expect(await drawn()).not.toBe(both);

      await open(`/study?batchId=${seen.many}&split=metadata:kind&bucket=hour`);
      await page.locator('.legend').getByText('=1+1').waitFor();
      const table = page.waitForEvent('download');
      await page.getByRole('region', { name: 'Trend' }).getByRole('button', { name: 'CSV' }).click();
      const csv = await readFile(await (await table).path(), 'utf8');
      expect(csv).toMatch(/^series,name,start,runs,runs\r\n/);
      // No spreadsheet takes it for a formula.
      expect(csv).toMatch(/\r\n'=1\+1,'=1\+1,[\dTZ:.-]+,\d+,\d+\r\n/);
      await page.getByLabel('When').selectOption('7d');
      await page.waitForURL('**window=7d**');
      await open('/study?text=nobody-said-this');
      await page.getByText('No run fits these filters').waitFor();
      await open(seen.batch ?? '');
      await page.getByRole('link', { name: 'Compare' }).click();
      await page.getByText('item by item: 20 items in both').waitFor();
      await page.getByText(/mid-p/).waitFor();
      seen.versus = page.url().slice(app.host.url.length);
    },
    stepMs,
  );

  it(
    'makes a schedule, switches it off, changes it and ends it',
    async () => {
      await open('/schedules');
      await page.getByText('No schedules yet').waitFor();
      for (const name of ['nightly', 'weekly']) {
        await page.getByRole('link', { name: 'New schedule' }).click();
        await page.getByLabel('Name').first().fill(name);
        await page.getByLabel('Time zone').fill('Europe/Berlin');
        await page.getByLabel('JSON lines').fill(lines(2, 'What is new on day'));
        await button('Create schedule').click();
        await heading(name).waitFor();
        await page.getByText('It has not fired yet').waitFor();
        expect(await page.locator('.upcoming li').count()).toBe(5);
        seen.schedule ??= new URL(page.url()).pathname;
        await page.getByRole('link', { name: 'Schedules' }).first().click();
      }
      await page.getByRole('link', { name: 'weekly' }).click();
      await button('Switch off').click();
      await button('Switch on').waitFor();
      await page.getByRole('link', { name: 'Edit' }).click();
      await page.getByLabel('Cron expression').fill('0 6 * * MON');
      await button('Save').click();
      await page.getByText('0 6 * * MON').waitFor();
      await button('Delete').click();
      await button('Delete the schedule').click();
      await heading('Schedules').waitFor();
      expect(await page.getByText('weekly').count()).toBe(0);
    },
    stepMs,
  );

  it(
    'shows providers, makes a key once and revokes it',
    async () => {
      await open('/settings');
      await page
        .getByRole('row', { name: /echo-slow/ })
        .getByText('answers')
        .last()
        .waitFor();
      await page
        .getByRole('row', { name: /echo-strict/ })
        .getByText(/^(unsteady|failing)$/)
        .last()
        .waitFor();
      await page.getByLabel('Owner').fill('a reader');
      await button('Make a key').click();
      await page.locator('.secret').waitFor();
      expect(await page.locator('.secret').textContent()).toMatch(/^sq_[\w-]{43}$/);
      await button('I have it').click();
      const row = page.getByRole('row', { name: /a reader/ });
      await row.getByRole('button', { name: 'Revoke' }).click();
      await button('Revoke the key').click();
      await row.getByText('revoked').waitFor();
    },
    stepMs,
  );

  it(
    'runs no script but its own',
    async () => {
      const response = await open('/batches');
      expect(response?.headers()['content-security-policy']).toContain("script-src 'self'; style-src 'self'");
      expect(complaints.splice(0)).toEqual([]);
      const ran = await page.evaluate(() => {
        try {
          const script = document.createElement('script');
          script.textContent = 'globalThis.taken = true';
          document.body.append(script);
        } catch {
          // Text may not become script at all.
        }
        return 'taken' in globalThis;
      });
      expect(ran).toBe(false);
      complaints.splice(0);
    },
    stepMs,
  );

  it(
    'paints within a second, and is there by keyboard',
    async () => {
      // The best of three: what else the machine does is not the page's doing.
      const paintsMs: number[] = [];
      for (let time = 0; time < 3; time++) {
        await open('/batches');
        await heading('Batches').waitFor();
        paintsMs.push(
          await page.evaluate(
            () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
          ),
        );
      }
      expect(Math.min(...paintsMs)).toBeLessThan(1000);
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the page');
    },
    stepMs,
  );

  it.each([1440, 390])(
    'fits %d px, light and dark: nothing sticks out, nothing serious for axe',
    async (width) => {
      await page.setViewportSize({ width, height: 900 });
      const pages: Record<string, string> = {
        batches: '/batches',
        'batch-new': '/batches/new',
        batch: seen.batch ?? '',
        // With a model whose name goes on and on.
        'batch-many': `/batches/${seen.many}`,
        runs: '/runs',
        run: seen.run ?? '',
        playground: '/playground',
        study: '/study',
        versus: seen.versus ?? '',
        schedules: '/schedules',
        schedule: seen.schedule ?? '',
        'schedule-edit': `${seen.schedule}/edit`,
        settings: '/settings',
        'not-found': '/nowhere',
      };
      for (const [name, path] of Object.entries(pages)) {
        await open(path);
        await heading(/./).waitFor();
        await page.waitForFunction(() => document.querySelector('.loading') === null);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([name, overflow <= 0]).toEqual([name, true]);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await keepPicture(page, `${name}-${width}-${colorScheme}`);
          expect([name, colorScheme, await seriousFaults(page)]).toEqual([name, colorScheme, []]);
        }
      }
    },
    120_000,
  );

  it(
    'forgets who signs out',
    async () => {
      await page.setViewportSize({ width: 1440, height: 900 });
      await button('Sign out').click();
      await page.getByLabel('API key').waitFor();
      expect(complaints).toEqual([]);
    },
    stepMs,
  );
});
