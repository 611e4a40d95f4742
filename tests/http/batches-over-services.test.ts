import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BatchPage, BatchReconciliation } from '../../src/contract/batch.ts';
import { BatchItemPage, BatchResult } from '../../src/contract/batch-item.ts';
import { batchEventId } from '../../src/contract/batch-progress-event.ts';
import { unknownId } from '../support/fake-services.ts';
import { createBatchApp, echo, itemsOf } from './support/create-batch-app.ts';

const path = '/api/v1/batches';
const batchApp = createBatchApp();
const { act, create, detailOf, post, refusal, resultsOf, run, send, started } = batchApp;
beforeAll(batchApp.open);
afterAll(batchApp.close);

describe('a batch', () => {
  it('is stored, started, run, listed, read and reconciled', async () => {
    const body = {
      targets: [echo, { ...echo, model: 'echo-2' }],
      repetitions: 3,
      items: itemsOf(7),
      name: 'first',
    };
    const response = await post(path, body);
    expect(response.status).toBe(202);
    const made = await detailOf(response);
    expect(response.headers.get('location')).toBe(`${path}/${made.id}`);
    expect(made).toMatchObject({
      status: 'queued',
      planned: 42,
      generation: 1,
      startedAt: null,
      itemsPerSecond: null,
    });
    expect(started.at(-1)).toEqual({ id: made.id, generation: 1, lanes: 2 });
    expect(await (await send(`${path}/${made.id}/results`)).text()).toBe('');
    const done = await run(made);
    expect(done).toMatchObject({
      status: 'completed',
      etaSeconds: null,
      counts: { pending: 0, outcomes: { ok: 42 } },
    });
    const proof = BatchReconciliation.parse(await (await send(`${path}/${made.id}/reconcile`)).json());
    expect(proof).toMatchObject({ planned: 42, rows: 42, settled: 42, holds: true });
    expect(proof.inferenceCostUsd).toBe(done.spend.costUsd);

    const list = BatchPage.parse(await (await send(`${path}?status=completed&limit=1`)).json());
    expect(list.data).toMatchObject([{ id: made.id, name: 'first' }]);
    expect(BatchPage.parse(await (await send(`${path}?status=paused`)).json()).data).toEqual([]);
    const positions: number[] = [];
    for (let cursor = ''; ; ) {
      const page = BatchItemPage.parse(
        await (await send(`${path}/${made.id}/items?limit=10${cursor}`)).json(),
      );
      positions.push(...page.data.map(({ position }) => position));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    expect(positions).toEqual(Array.from({ length: 42 }, (_, n) => n));
    expect(
      BatchItemPage.parse(await (await send(`${path}/${made.id}/items?outcome=refused`)).json()).data,
    ).toEqual([]);
    for (const place of [path, `${path}/${made.id}/items`, `${path}/${made.id}/results`]) {
      await refusal(send(`${place}?cursor=nonsense`), 400, 'invalid_request');
    }

    const native = await resultsOf(made.id, 'limit=10');
    expect(native.pages).toHaveLength(5);
    expect(native.lines.map((line) => BatchResult.parse(JSON.parse(line)).position)).toEqual(positions);
    const openai = await resultsOf(made.id, 'limit=42&format=openai');
    expect(openai.pages).toHaveLength(1);
    expect(openai.lines.map((line) => JSON.parse(line).custom_id)).toEqual(
      native.lines.map((line) => JSON.parse(line).itemKey),
    );
    expect(JSON.parse(openai.lines[0] ?? '')).toMatchObject({
      error: null,
      response: {
        status_code: 200,
        body: { object: 'chat.completion', choices: [{ message: { role: 'assistant' } }] },
      },
    });
  });

  it('is made once for an Idempotency-Key, and another one is refused', async () => {
    const body = { targets: [echo], items: itemsOf(2), name: 'once' };
    const key = { 'idempotency-key': 'once' };
    const first = await post(path, body, key);
    const { id } = await detailOf(first);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const before = started.length;
    const reordered = Object.fromEntries(Object.entries(body).toReversed());
    const second = await post(path, { ...reordered, repetitions: 1 }, key);
    expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect((await detailOf(second)).id).toBe(id);
    expect(started).toHaveLength(before);
    for (const other of [{ name: 'twice' }, { items: itemsOf(3) }, { repetitions: 2 }]) {
      await refusal(post(path, { ...body, ...other }, key), 409, 'idempotency_mismatch');
    }
    const both = await Promise.all([1, 2, 3].map(() => post(path, body, { 'idempotency-key': 'at-once' })));
    const ids = await Promise.all(both.map(async (response) => (await detailOf(response)).id));
    expect(new Set(ids).size).toBe(1);
    expect(both.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
  });
});

describe('a batch under way', () => {
  const conflict = (id: string, action: string, body?: unknown) =>
    refusal(act(id, action, body), 409, 'conflict');

  it('is paused, resumed and cancelled where its state allows it', async () => {
    const { id } = await create({ targets: [echo], items: itemsOf(3) });
    await conflict(id, 'resume');
    await conflict(id, 'retry-failed');
    expect(await detailOf(await act(id, 'pause'))).toMatchObject({ status: 'paused' });
    expect((await act(id, 'pause')).status).toBe(200);
    const before = started.length;
    const resumed = await detailOf(await act(id, 'resume'));
    expect(['queued', 'running']).toContain(resumed.status);
    expect(started.length).toBeGreaterThan(before);
    await conflict(id, 'resume');
    await act(id, 'pause');
    const cancelled = await detailOf(await act(id, 'cancel'));
    expect(cancelled).toMatchObject({ status: 'cancelled', counts: { outcomes: { cancelled: 3 } } });
    expect(await detailOf(await act(id, 'cancel'))).toEqual(expect.objectContaining({ status: 'cancelled' }));
    await conflict(id, 'pause');
    await conflict(id, 'resume');
    await conflict(id, 'retry-failed', { outcomes: ['timeout'] });
    const again = await run(await detailOf(await act(id, 'retry-failed')));
    expect(again).toMatchObject({ status: 'completed', counts: { outcomes: { ok: 3, cancelled: 0 } } });
    await conflict(id, 'retry-failed');
    await conflict(id, 'pause');
    expect(await detailOf(await act(id, 'cancel'))).toMatchObject({ status: 'completed' });
    for (const action of ['pause', 'resume', 'cancel', 'retry-failed']) {
      expect((await act(unknownId, action)).status).toBe(404);
    }
  });

  it('is followed by events that end with it', async () => {
    const batch = await create({ targets: [echo], items: itemsOf(3) });
    const response = await send(`${path}/${batch.id}/events`);
    const following = response.text();
    const done = await run(batch);
    const ids = [...(await following).matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(1);
    expect(ids.at(-1)).toBe(batchEventId(done));
    const last = { 'last-event-id': batchEventId(done) };
    expect((await send(`${path}/${batch.id}/events`, { headers: last })).status).toBe(204);
    expect(await (await send(`${path}/${batch.id}/events`)).text()).toContain(`id: ${batchEventId(done)}\n`);
  });
});
