import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type HostProcess, startHostProcess } from '../../../local/host/start-host-process.ts';
import { buildHostApp } from '../../support/build-host-app.ts';

let app: Awaited<ReturnType<typeof buildHostApp>>;
beforeAll(async () => {
  app = await buildHostApp('durable');
});
afterAll(() => app.remove());

describe.each([
  ['on', 'true'],
  ['off', 'false'],
])('Durable Functions in the local host, with streaming %s', (_, stream) => {
  let host: HostProcess;
  beforeAll(async () => {
    host = await startHostProcess({
      appDir: app.dir,
      port: 0,
      env: { ...process.env, TEST_HTTP_STREAM: stream },
    });
  });
  afterAll(() => host.stop());

  const post = (path: string, body: unknown) =>
    fetch(host.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const client = async (method: string, ...list: unknown[]) =>
    (await (await post(`/client/${method}`, { list })).json()) as { value?: unknown; error?: string };
  const ended = async (id: string) => {
    for (let i = 0; i < 1000; i++) {
      const { value } = await client('getStatus', id);
      const status = value as { runtimeStatus: string; output: unknown; customStatus: unknown };
      if (!['Pending', 'Running'].includes(status.runtimeStatus)) return status;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${id} does not end`);
  };

  it('runs an orchestration that the library starts, and reports it', async () => {
    const input = { name: 'run', lanes: 2, items: 2, ms: 1 };
    expect(await client('startNew', 'lanes', { instanceId: 'run', input })).toEqual({ value: 'run' });
    expect((await client('startNew', 'lanes', { instanceId: 'run', input })).error).toContain('409');
    expect(await ended('run')).toMatchObject({
      runtimeStatus: 'Completed',
      output: ['run/0/0', 'run/0/1', 'run/1/0', 'run/1/1'],
      customStatus: { lanes: 2 },
    });
    expect(await client('startNew', 'lanes', { instanceId: 'run', input })).toEqual({ value: 'run' });
    await ended('run');
  });

  it('answers every other call of the client', async () => {
    await client('startNew', 'waits', { instanceId: 'one', input: {} });
    expect(await client('suspend', 'one', 'hold')).toEqual({ value: null });
    expect(await ended('one')).toMatchObject({ runtimeStatus: 'Suspended', output: 'hold' });
    expect(await client('resume', 'one', 'on')).toEqual({ value: null });
    expect(await client('raiseEvent', 'one', 'go', { answer: 42 })).toEqual({ value: null });
    expect(await ended('one')).toMatchObject({ runtimeStatus: 'Completed', output: { answer: 42 } });

    await client('startNew', 'waits', { instanceId: 'two', input: {} });
    expect((await client('purgeInstanceHistory', 'two')).error).toContain('412');
    expect(await client('terminate', 'two', 'enough')).toEqual({ value: null });
    expect(await ended('two')).toMatchObject({ runtimeStatus: 'Terminated', output: 'enough' });
    const { value: list } = await client('getStatusBy', { runtimeStatus: ['Terminated'] });
    expect(list).toEqual([expect.objectContaining({ instanceId: 'two' })]);
    expect(await client('purgeInstanceHistory', 'two')).toEqual({ value: { instancesDeleted: 1 } });
    expect((await client('getStatus', 'two')).error).toContain('404');
    expect((await client('raiseEvent', 'nobody', 'go', 1)).error).toContain('nobody');
    const { value: payload } = await client('createHttpManagementPayload', 'one');
    expect(payload).toMatchObject({ id: 'one', statusQueryGetUri: expect.stringContaining(host.url) });
  });

  it('gives links to a status that can be followed', async () => {
    const started = await post('/start/waits', {});
    expect(started.status).toBe(202);
    const location = started.headers.get('location') ?? '';
    const running = await fetch(location);
    expect([running.status, running.headers.get('retry-after')]).toEqual([202, '5']);
    const { id } = (await started.json()) as { id: string };
    await client('raiseEvent', id, 'go', 1);
    await ended(id);
    expect((await fetch(location)).status).toBe(200);
    expect((await fetch(`${host.url}/runtime/webhooks/durabletask/instances/nobody`)).status).toBe(404);
  });

  it('warns in strict mode, which tests have, and about nothing else', async () => {
    expect(await host.warnings()).toEqual([]);
    await client('startNew', 'nowhere', { instanceId: 'lost', input: {} });
    expect(await ended('lost')).toMatchObject({ runtimeStatus: 'Failed' });
    expect(await host.warnings()).toEqual([expect.stringContaining('no orchestrator "nowhere"')]);
  });
});
