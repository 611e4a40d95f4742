import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type HostProcess, startHostProcess } from '../../../local/host/start-host-process.ts';
import { buildHostApp } from '../../support/build-host-app.ts';

const kills = 5;
const batches = 3;
const lanes = 3;
const items = 6;
const maxActivities = 4;

let app: Awaited<ReturnType<typeof buildHostApp>>;
let host: HostProcess;
const start = async (): Promise<void> => {
  host = await startHostProcess({
    appDir: app.dir,
    port: 0,
    durableFile: join(app.dir, 'durable.sqlite'),
    env: {
      ...process.env,
      TEST_DURABLE_LOG: join(app.dir, 'log'),
      AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions: String(maxActivities),
    },
  });
};
beforeAll(async () => {
  app = await buildHostApp('durable');
  await start();
});
afterAll(async () => {
  await host.stop();
  await app.remove();
});

const hook = (path: string, init?: RequestInit) =>
  fetch(`${host.url}/runtime/webhooks/durabletask/${path}`, init);

type Status = {
  instanceId: string;
  runtimeStatus: string;
  output: unknown;
  historyEvents: { EventType: string; Result?: string }[];
};

const ended = async (id: string): Promise<Status | undefined> => {
  let status: Status | undefined;
  for (let i = 0; i < 1200 && status?.runtimeStatus !== 'Completed'; i++) {
    await sleep(25);
    status = (await (await hook(`instances/${id}`)).json()) as Status;
  }
  return status;
};
const readLog = (): string[] => readFileSync(join(app.dir, 'log'), 'utf8').trim().split('\n');

describe('the Durable engine', () => {
  it('under kill -9 loses nothing and doubles nothing', async () => {
    const wanted = new Map<string, string[]>();
    for (let n = 0; n < batches; n++) {
      const name = `batch${n}`;
      const body = JSON.stringify({ name, lanes, items, ms: 60 });
      expect((await hook(`orchestrators/lanes/${name}`, { method: 'POST', body })).status).toBe(202);
      const rows = Array.from(
        { length: lanes * items },
        (_, i) => `${name}/${Math.floor(i / items)}/${i % items}`,
      );
      wanted.set(name, rows);
    }
    for (let n = 0; n < kills; n++) {
      await sleep(60 + n * 53);
      await host.kill();
      await start();
    }
    for (const [name, rows] of wanted) {
      expect(await ended(name)).toMatchObject({ runtimeStatus: 'Completed', output: rows });
    }

    const all = (await (await hook('instances/?top=1000')).json()) as Status[];
    expect(all).toHaveLength(batches * (lanes + 1));
    for (const { instanceId } of all) {
      const answer = await hook(`instances/${instanceId}?showHistory=true&showHistoryOutput=true`);
      const { historyEvents } = (await answer.json()) as Status;
      const results = historyEvents.filter(({ EventType }) => EventType === 'TaskCompleted');
      expect(new Set(results.map(({ Result }) => Result)).size).toBe(results.length);
    }

    const log = readLog();
    expect(new Set(log).size).toBe(batches * lanes * items);
    // An activity runs again only when it was running at a kill.
    expect(log.length).toBeLessThanOrEqual(batches * lanes * items + kills * maxActivities);
    expect(await host.warnings()).toEqual([]);
  }, 90_000);

  it('lets activities end at a stop, and repeats none of them', async () => {
    const body = JSON.stringify({ name: 'calm', lanes: 2, items: 3, ms: 150 });
    await hook('orchestrators/lanes/calm', { method: 'POST', body });
    while (!readLog().some((line) => line.startsWith('calm/'))) await sleep(10);
    await host.stop();
    const atStop = readLog().filter((line) => line.startsWith('calm/')).length;
    await start();
    expect(await ended('calm')).toMatchObject({ runtimeStatus: 'Completed' });
    const lines = readLog().filter((line) => line.startsWith('calm/'));
    expect(atStop).toBeLessThan(6);
    expect(lines.sort()).toEqual(['calm/0/0', 'calm/0/1', 'calm/0/2', 'calm/1/0', 'calm/1/1', 'calm/1/2']);
  }, 60_000);
});
