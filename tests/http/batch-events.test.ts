import { describe, expect, it } from '@jest/globals';
import { BatchDetail } from '../../src/contract/batch.ts';
import { batchEventId } from '../../src/contract/batch-progress-event.ts';
import { AppError } from '../../src/errors.ts';
import { batchEvents } from '../../src/http/batch-events.ts';
import { createApiApp } from '../../src/http/create-app.ts';
import { access } from '../../src/http/route-access.ts';
import { exampleBatchDetail } from '../support/example-batches.ts';
import { fakeAppOptions, knownId, testKeys } from '../support/fake-services.ts';

const detail = exampleBatchDetail({ id: knownId });

describe('the events of a batch', () => {
  type Times = { withinMs: number; pollMs?: number; heartbeatMs?: number };
  /** A stream over states, of which the last one stays; an Error is thrown where a state should be. */
  const follow = (
    states: readonly (BatchDetail | Error)[],
    times: Times,
    lastId?: string,
    method = 'GET',
  ) => {
    const failures: unknown[] = [];
    let reads = 0;
    const app = createApiApp(fakeAppOptions().options);
    const first = states[0] instanceof Error || states[0] === undefined ? detail : states[0];
    const read = async () => {
      reads += 1;
      const state = states[Math.min(reads, states.length - 1)];
      if (state instanceof Error) throw state;
      return state ?? first;
    };
    app.openAPIRegistry.registerPath({
      method: 'get',
      path: '/api/v1/test-events',
      responses: {},
      ...access('study:read'),
    });
    app.get('/api/v1/test-events', (c) =>
      batchEvents(c, { first, read, onFailure: (error) => failures.push(error), ...times }),
    );
    const headers = {
      authorization: `Bearer ${testKeys.admin}`,
      ...(lastId !== undefined && { 'last-event-id': lastId }),
    };
    return {
      failures,
      reads: () => reads,
      response: async () => app.request('/api/v1/test-events', { method, headers }),
      text: async () => (await app.request('/api/v1/test-events', { method, headers })).text(),
    };
  };
  const at = (pending: number, finished = false): BatchDetail => ({
    ...detail,
    status: finished ? 'completed' : 'running',
    counts: { ...detail.counts, pending },
    finishedAt: finished ? '2026-01-02T03:05:00.000Z' : null,
  });
  const idsOf = (text: string) => [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);

  it('begin with the present state, tell each change once, and end with the batch', async () => {
    const states = [at(2), at(2), at(1), at(1), at(0, true)];
    const stream = follow(states, { withinMs: 10_000, pollMs: 5 });
    const response = await stream.response();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const text = await response.text();
    expect(idsOf(text)).toEqual([at(2), at(1), at(0, true)].map(batchEventId));
    expect(text.startsWith('event: progress\ndata: {"id"')).toBe(true);
    const [data = ''] = [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => json);
    expect(BatchDetail.parse(JSON.parse(data))).toEqual(at(2));
    expect(stream.reads()).toBe(4);
  });

  it('do not repeat the state whose id the caller brings', async () => {
    const states = [at(2), at(2), at(1, true)];
    const text = await follow(states, { withinMs: 10_000, pollMs: 5 }, batchEventId(at(2))).text();
    expect(idsOf(text)).toEqual([batchEventId(at(1, true))]);
    const other = await follow([at(0, true)], { withinMs: 10_000 }, 'of-another-batch').text();
    expect(idsOf(other)).toHaveLength(1);
  });

  it('are no content for who has seen the end', async () => {
    const done = at(0, true);
    const response = await follow([done], { withinMs: 10_000 }, batchEventId(done)).response();
    expect([response.status, await response.text()]).toEqual([204, '']);
  });

  it('end themselves in time, with signs of life meanwhile', async () => {
    const startedAt = performance.now();
    const text = await follow([at(2)], { withinMs: 200, pollMs: 5, heartbeatMs: 40 }).text();
    expect(performance.now() - startedAt).toBeGreaterThan(150);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(idsOf(text)).toHaveLength(1);
    expect(text.split(': still here\n\n').length).toBeGreaterThan(2);
  });

  it('keep beating and end in time although the batch is seldom read', async () => {
    const startedAt = performance.now();
    const stream = follow([at(2)], { withinMs: 150, pollMs: 60_000, heartbeatMs: 40 });
    expect((await stream.text()).split(': still here\n\n').length).toBeGreaterThan(2);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(stream.reads()).toBe(0);
  });

  it('end where the batch cannot be read, and tell the log', async () => {
    const away = new AppError('database_unavailable', 'away');
    const stream = follow([at(2), away], { withinMs: 10_000, pollMs: 5 });
    expect(idsOf(await stream.text())).toHaveLength(1);
    expect(stream.failures).toEqual([away]);
  });

  it('stop reading when the caller leaves, and never begin for HEAD', async () => {
    const stream = follow([at(2)], { withinMs: 60_000, pollMs: 5 });
    const { body } = await stream.response();
    const reader = body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const reads = stream.reads();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stream.reads()).toBe(reads);
    const asked = follow([at(2)], { withinMs: 60_000, pollMs: 5 }, undefined, 'HEAD');
    expect((await asked.response()).headers.get('content-type')).toBe('text/event-stream');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked.reads()).toBe(0);
  });
});
