import { describe, expect, it } from '@jest/globals';
import { createApiCall } from '../../cli/api-call.ts';
import { createBatchClient } from '../../cli/batch-client.ts';
import type { FollowOptions } from '../../cli/follow-batch.ts';
import type { BatchDetail } from '../../src/contract/batch.ts';
import {
  batchId,
  exampleBatchDetail,
  exampleBatchResult,
  finishedBatch,
} from '../support/example-batches.ts';
import { sendEvents, sendJson, sendProblem, startFakeBatchApi, uploadId } from '../support/fake-batch-api.ts';

const path = `/api/v1/batches/${batchId}`;
const clientFor = (url: string) => createBatchClient(createApiCall({ url, key: 'sq_key', waitMs: () => 5 }));
const statusesOf = async (url: string, options: FollowOptions = {}) => {
  const seen: BatchDetail[] = [];
  for await (const detail of clientFor(url).followBatch(batchId, { pollMs: 5, ...options }))
    seen.push(detail);
  return seen.map(({ status, counts }) => `${status} ${counts.pending}`);
};
const left = (pending: number) => exampleBatchDetail({ counts: { ...exampleBatchDetail().counts, pending } });
const done = finishedBatch({ ok: 2 });

describe('followBatch', () => {
  it('takes a stream that was cut up again after the last event it has seen', async () => {
    await using api = await startFakeBatchApi({
      [`GET ${path}/events`]: ({ count }, response) => {
        if (count === 0) {
          sendEvents(response, ['one', left(2)], ['two', left(1)]);
          setTimeout(() => response.destroy(), 20);
        } else {
          sendEvents(response, ['three', done]);
          response.end();
        }
      },
    });
    expect(await statusesOf(api.url)).toEqual(['running 2', 'running 1', 'completed 0']);
    const connections = api.callsOf(`GET ${path}/events`);
    expect(connections.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'two']);
    expect(connections[0]?.headers).toMatchObject({
      accept: 'text/event-stream',
      authorization: 'Bearer sq_key',
    });
    expect(api.callsOf(`GET ${path}`)).toEqual([]);
  });

  it('connects again to a stream that the server ends in time, and asks plainly when two bring nothing', async () => {
    await using api = await startFakeBatchApi({
      [`GET ${path}/events`]: ({ count }, response) => {
        sendEvents(response, ...(count === 0 ? [['one', left(2)] as [string, BatchDetail]] : []));
        response.end();
      },
      [`GET ${path}`]: (_, response) => sendJson(response, done),
    });
    expect(await statusesOf(api.url)).toEqual(['running 2', 'completed 0']);
    expect(api.callsOf(`GET ${path}/events`)).toHaveLength(3);
  });

  it('gives a silent connection up', async () => {
    await using api = await startFakeBatchApi({
      [`GET ${path}/events`]: ({ count }, response) =>
        sendEvents(response, count === 0 ? ['one', left(1)] : ['two', done]),
    });
    expect(await statusesOf(api.url, { silenceMs: 50 })).toEqual(['running 1', 'completed 0']);
  });

  it.each([
    ['are not there', (response) => sendProblem(response, 404, 'There is nothing here.')],
    ['are no events', (response) => sendJson(response, {})],
    ['do not arrive', () => {}],
  ] as [string, (response: Parameters<typeof sendJson>[0]) => void][])(
    'asks again and again where events %s',
    async (_, answer) => {
      await using api = await startFakeBatchApi({
        [`GET ${path}/events`]: (_call, response) => answer(response),
        [`GET ${path}`]: ({ count }, response) => sendJson(response, count < 2 ? left(2 - count) : done),
      });
      expect(await statusesOf(api.url, { firstBytesMs: 50 })).toEqual([
        'running 2',
        'running 1',
        'completed 0',
      ]);
      expect(api.callsOf(`GET ${path}/events`)).toHaveLength(1);
    },
  );

  it('waits for a host that is away, but not for ever, and not for a refusal', async () => {
    await using api = await startFakeBatchApi({
      [`GET ${path}/events`]: ({ count }, response) => {
        if (count < 1) sendProblem(response, 503, 'Starting.');
        else response.destroy();
      },
      [`GET ${path}`]: (_, response) => response.destroy(),
    });
    await expect(statusesOf(api.url, { patienceMs: 60 })).rejects.toThrow(/does not answer/);
    expect(api.calls.length).toBeGreaterThan(3);
    await using closed = await startFakeBatchApi({
      [`GET ${path}/events`]: (_, response) => sendProblem(response, 403, 'Not yours.'),
    });
    await expect(statusesOf(closed.url)).rejects.toThrow('Not yours.');
  });

  it('ends when the caller wants to leave', async () => {
    await using api = await startFakeBatchApi({
      [`GET ${path}/events`]: (_, response) => sendEvents(response, ['one', left(2)]),
    });
    const leave = new AbortController();
    setTimeout(() => leave.abort(new Error('left')), 50);
    await expect(statusesOf(api.url, { signal: leave.signal })).rejects.toThrow('left');
  });
});

describe('createBatchClient', () => {
  const batch = { targets: [{ provider: 'echo', model: 'echo-1' }], uploadId };

  it('starts a batch again under the same key when the answer was lost', async () => {
    await using api = await startFakeBatchApi({
      'POST /api/v1/batches': ({ count }, response) => {
        if (count === 0) response.destroy();
        else sendJson(response, exampleBatchDetail(), 202);
      },
    });
    const { id } = await clientFor(api.url).createBatch(batch, { idempotencyKey: 'once' });
    expect(id).toBe(batchId);
    const sent = api.callsOf('POST /api/v1/batches');
    expect(sent.map(({ headers }) => headers['idempotency-key'])).toEqual(['once', 'once']);
    expect(JSON.parse(String(sent[1]?.body))).toEqual(batch);
  });

  it('follows the pages of results and items to the end', async () => {
    await using api = await startFakeBatchApi({
      [`GET ${path}/results`]: ({ query }, response) => {
        const cursor = query.get('cursor');
        if (cursor === null) response.setHeader('x-sq-next-cursor', 'second page');
        const result = exampleBatchResult({ itemKey: cursor ?? 'first page' });
        response.end(`${JSON.stringify(result)}\n`);
      },
      [`GET ${path}/items`]: ({ query }, response) => {
        const cursor = query.get('cursor');
        const { text, finishReason, servedModel, usage, costUsd, latencyMs, error, ...item } =
          exampleBatchResult();
        sendJson(response, { data: [item], nextCursor: cursor === null ? 'more' : null });
      },
    });
    const client = clientFor(api.url);
    const results: string[] = [];
    for await (const { itemKey } of client.allResults(batchId)) results.push(itemKey);
    expect(results).toEqual(['first page', 'second page']);
    let items = 0;
    for await (const { outcome } of client.allItems(batchId, { outcome: 'ok' }))
      if (outcome === 'ok') items++;
    expect(items).toBe(2);
    expect(api.callsOf(`GET ${path}/items`)[1]?.query.get('outcome')).toBe('ok');
  });

  it.each(['pause', 'resume', 'cancel', 'retry-failed'])('asks for %s', async (action) => {
    await using api = await startFakeBatchApi({
      [`POST ${path}/${action}`]: (_, response) => sendJson(response, exampleBatchDetail()),
    });
    const client = clientFor(api.url);
    const methods = {
      pause: client.pauseBatch,
      resume: client.resumeBatch,
      cancel: client.cancelBatch,
      'retry-failed': client.retryFailed,
    };
    expect(await methods[action as keyof typeof methods](batchId)).toMatchObject({ id: batchId });
  });
});
