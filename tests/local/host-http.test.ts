import { fork } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HostMessage } from '../../local/host/host-messages.ts';
import { type HostProcess, startHostProcess } from '../../local/host/start-host-process.ts';
import { buildHostApp } from '../support/build-host-app.ts';
import { rawRequest, sendRaw } from '../support/raw-http.ts';

let app: Awaited<ReturnType<typeof buildHostApp>>;
beforeAll(async () => {
  app = await buildHostApp('bare');
});
afterAll(() => app.remove());

describe.each([
  ['on', 'true'],
  ['off', 'false'],
])('the local host, with streaming %s', (mode, stream) => {
  const streaming = mode === 'on';
  const lines: string[] = [];
  let host: HostProcess;
  let baseline = 0;
  beforeAll(async () => {
    host = await startHostProcess({
      appDir: app.dir,
      port: 0,
      env: {
        ...process.env,
        TEST_HTTP_STREAM: stream,
        TICK_SCHEDULE: '0 0 0 1 1 *',
        FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '100000',
        AzureFunctionsJobHost__functionTimeout: '00:00:02',
      },
      log: (line) => lines.push(line),
    });
    baseline = (await host.warnings()).length;
  });
  afterAll(() => host.stop());

  const get = (path: string, init?: RequestInit) => fetch(host.url + path, init);
  const newWarnings = async () => {
    const all = await host.warnings();
    const fresh = all.slice(baseline);
    baseline = all.length;
    return fresh;
  };

  it('refuses what the real host refuses, and says so', async () => {
    expect(await host.warnings()).toEqual(
      expect.arrayContaining([
        expect.stringContaining('function 2bad is refused'),
        expect.stringContaining('function forbidden is refused'),
        expect.stringContaining('timer unset is disabled'),
      ]),
    );
    expect((await get('/admin/things')).status).toBe(404);
    expect((await get('/bad-name')).status).toBe(404);
    expect(host.functions).toContain('echo');
  });

  it('routes, and answers wrong methods and paths with an empty 404', async () => {
    const answer = await get('/ECHO/a%2Fb/c/d/?x=1');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ params: { id: 'a%2Fb', rest: 'c/d' } });
    const wrong = await get('/echo/1', { method: 'DELETE' });
    expect([wrong.status, await wrong.text()]).toEqual([404, '']);
    expect((await get('/nowhere')).status).toBe(404);
    expect((await sendRaw(host.url, rawRequest('GET //echo/1'))).status).toBe(404);
    expect((await get('/')).status).toBe(200);
    expect((await get('/echo/1', { method: 'HEAD' })).status).toBe(200);
    expect(await newWarnings()).toEqual([]);
  });

  it('joins repeated headers and has the limits of the real front', async () => {
    const twice = await sendRaw(host.url, rawRequest('GET /echo/1', ['X-Twice: a', 'x-twice: b']));
    expect(twice.body).toContain('"x-twice":"a,b"');
    const long = 'x'.repeat(9_000);
    expect((await sendRaw(host.url, rawRequest(`GET /echo/1?q=${long}`))).status).toBe(414);
    expect((await sendRaw(host.url, rawRequest(`GET /echo/1?q=${long.repeat(10)}`))).status).toBe(414);
    const many = Array.from({ length: 5 }, (_, i) => `x-h${i}: ${long}`);
    expect((await sendRaw(host.url, rawRequest('GET /echo/1', many))).status).toBe(431);
    expect((await sendRaw(host.url, rawRequest('GET /echo/1', [...many, ...many]))).status).toBe(431);
    expect(await newWarnings()).toEqual([]);
  });

  it('answers an oversize body with an empty 500, chunked or not', async () => {
    const announced = await get('/echo/1', { method: 'POST', body: 'x'.repeat(100_001) });
    expect([announced.status, await announced.text()]).toEqual([500, '']);
    const chunk = `${(60_000).toString(16)}\r\n${'x'.repeat(60_000)}\r\n`;
    const chunked = await sendRaw(host.url, [
      rawRequest('POST /echo/1', ['Transfer-Encoding: chunked']),
      chunk,
      chunk,
      '0\r\n\r\n',
    ]);
    expect([chunked.status, chunked.body]).toEqual([500, '']);
    expect((await get('/echo/1', { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(200);
  });

  it(streaming ? 'passes a chunked upload on' : 'loses a chunked upload', async () => {
    const answer = await sendRaw(host.url, [
      rawRequest('POST /echo/1', ['Transfer-Encoding: chunked']),
      '3\r\nabc\r\n0\r\n\r\n',
    ]);
    expect(answer.body).toContain(streaming ? '"body":"abc"' : '"body":""');
  });

  it('keeps the last of several set-cookie headers only', async () => {
    expect((await get('/cookies')).headers.getSetCookie()).toEqual(['last=2']);
  });

  // All at once: the host waits a second before it warns.
  it('answers 500 at once where a handler is bad', async () => {
    await newWarnings();
    const paths = ['throwing', 'nothing', 'text', 'bad-status', 'bad-header'];
    const answers = await Promise.all(
      paths.map(async (path) => {
        const answer = await get(`/${path}`);
        return [path, answer.status, await answer.text()];
      }),
    );
    expect(answers).toEqual(paths.map((path) => [path, 500, '']));
    const warnings = await newWarnings();
    // With streaming off the real host answers 500 at once too: nothing to warn of.
    expect(warnings).toHaveLength(streaming ? paths.length : 0);
    for (const warning of warnings) expect(warning).toContain('in Azure the caller hangs');
  });

  it('ends a broken stream, and warns where Azure would leave it open', async () => {
    await newWarnings();
    if (streaming) {
      const answer = await get('/broken-stream');
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow();
      expect(await newWarnings()).toEqual([expect.stringContaining('in Azure the caller hangs')]);
    } else {
      expect((await get('/broken-stream')).status).toBe(500);
      expect(await newWarnings()).toEqual([]);
    }
  });

  it('answers 500 past functionTimeout and warns that Azure kills the worker', async () => {
    const answer = await get('/endless');
    expect(answer.status).toBe(500);
    expect(await newWarnings()).toEqual([expect.stringContaining('ran past functionTimeout (2000 ms)')]);
  });

  it('warns of a rejection that nobody handles', async () => {
    expect(await (await get('/rejecting')).text()).toBe('soon');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await newWarnings()).toEqual([expect.stringContaining('in Azure the worker dies')]);
  });

  it('runs a timer by hand', async () => {
    expect((await get('/admin/functions/TICK', { method: 'POST', body: '{}' })).status).toBe(202);
    expect((await get('/admin/functions/none', { method: 'POST' })).status).toBe(404);
    const broken = await sendRaw(host.url, rawRequest('POST /admin/functions/%', ['Content-Length: 0']));
    expect(broken.status).toBe(404);
    expect(await newWarnings()).toEqual([]);
    expect(await (await get('/ticks')).json()).toMatchObject({
      ticks: 1,
      timer: {
        isPastDue: false,
        schedule: { adjustForDST: true },
        scheduleStatus: { last: expect.any(String) },
      },
    });
  });

  if (streaming) {
    it('lets a client forge headers, and pollutes params, as the real host does', async () => {
      const forged = await get(`/echo/abc?ID=x&Headers=${encodeURIComponent('{"authorization":"forged"}')}`, {
        headers: { authorization: 'own' },
      });
      const seen = (await forged.json()) as { headers: object; params: Record<string, string> };
      expect(seen.headers).toEqual({ authorization: 'forged' });
      expect(seen.params.ID).toBe('abc');
      expect(seen.params.id).toBeUndefined();
      const hidden = await get('/echo/abc', {
        method: 'POST',
        body: '{"headers":1}',
        headers: { authorization: 'own' },
      });
      expect(((await hidden.json()) as { headers: object }).headers).not.toHaveProperty('authorization');
    });

    it('notices a client’s own invocation id that the app cannot cope with', async () => {
      await newWarnings();
      const answer = await get('/echo/1', { headers: { 'x-ms-invocation-id': 'mine' } });
      expect(answer.status).toBe(500);
      expect((await newWarnings()).join()).toMatch(/functionTimeout|handler never ran/);
    });

    it('has no back-pressure: all is produced whatever the client takes', async () => {
      const answer = await get('/big');
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await (await get('/produced')).json()).toBe(64);
      expect((await answer.arrayBuffer()).byteLength).toBe(64 * 1024 * 1024);
    });
  }
});

describe('the process of the local host', () => {
  it('runs the appTerminate hooks on SIGTERM', async () => {
    const lines: string[] = [];
    const env = { ...process.env, TICK_SCHEDULE: '0 0 0 1 1 *' };
    const host = await startHostProcess({ appDir: app.dir, port: 0, env, log: (line) => lines.push(line) });
    await host.stop();
    expect(await host.ended).toBe(0);
    expect(lines).toContain('appTerminate ran');
    await expect(fetch(host.url)).rejects.toThrow();
  });

  it('ends at once when its parent has, whatever is under way', async () => {
    const args = ['--app', app.dir, '--port', '0'];
    const child = fork(join(import.meta.dirname, '../../local/host/host-process.ts'), args, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...process.env, TICK_SCHEDULE: '0 0 0 1 1 *' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const url = await new Promise<string>((resolve) => {
      child.on('message', (message: HostMessage) => message.type === 'ready' && resolve(message.url));
    });
    const cut = expect(fetch(`${url}/endless`)).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const ended = new Promise((resolve) => child.once('exit', () => resolve('ended')));
    child.disconnect();
    const late = new Promise((resolve) => setTimeout(() => resolve('late'), 3000).unref());
    expect(await Promise.race([ended, late])).toBe('ended');
    await cut;
  });

  it('rejects with the reason when it cannot start', async () => {
    await expect(startHostProcess({ appDir: '/nowhere', port: 0 })).rejects.toThrow(/host\.json/);
  });
});
