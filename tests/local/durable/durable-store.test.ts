import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDurableStore } from '../../../local/durable/durable-store.ts';
import { newInstance } from '../../../local/durable/episode-commit.ts';
import { historyEvent } from '../../../local/durable/history-event.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'durable-store-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const created = () =>
  newInstance({ id: 'i', name: 'main', input: '{}', parent: null, generation: 0, now: 1 });
const event = historyEvent('eventRaised', '2026-01-01T00:00:00Z', { Name: 'go', Input: 'null' });

describe('the store', () => {
  it('keeps what was written, over a restart', () => {
    const file = join(folder, 'kept.sqlite');
    const { instance, start } = created();
    const first = openDurableStore(file);
    first.create(instance, start);
    first.close();
    const second = openDurableStore(file);
    expect(second.instance('i')).toEqual(instance);
    expect(second.inbox('i', 5).map((message) => message.event)).toEqual([start.event]);
    expect(second.dueInstances(5)).toEqual(['i']);
    second.close();
  });

  it('belongs to one process at a time', () => {
    const file = join(folder, 'one.sqlite');
    const first = openDurableStore(file);
    expect(() => openDurableStore(file)).toThrow(/is used by another host/);
    first.close();
    openDurableStore(file).close();
  });

  it('takes one message of an id, and one result of a task', () => {
    const store = openDurableStore(':memory:');
    const { instance, start } = created();
    store.create(instance, start);
    store.post(start);
    const task = {
      messageId: 'e:0',
      instanceId: 'i',
      executionId: 'e',
      taskId: 0,
      name: 'work',
      input: null,
    };
    store.commit({
      instance,
      consumed: [],
      clearHistory: false,
      appended: [],
      messages: [start],
      tasks: [task, task],
      children: [],
    });
    expect(store.inbox('i', 5)).toHaveLength(1);
    expect(store.tasks()).toEqual([task]);
    const result = { instanceId: 'i', executionId: 'e', messageId: 'e:0:result', dueAt: 2, event };
    expect(store.finishTask(task, result)).toBe(true);
    expect(store.finishTask(task, { ...result, messageId: 'another' })).toBe(false);
    expect(store.inbox('i', 5)).toHaveLength(2);
    store.close();
  });

  it('writes an episode whole or not at all', () => {
    const store = openDurableStore(':memory:');
    const { instance, start } = created();
    store.create(instance, start);
    const broken = { ...start, messageId: 'm', event: null as unknown as typeof event, dueAt: Number.NaN };
    const episode = {
      instance: { ...instance, status: 'Running' as const },
      consumed: store.inbox('i', 5).map(({ key }) => key),
      clearHistory: false,
      appended: [event],
      messages: [broken],
      tasks: [],
      children: [],
    };
    expect(() => store.commit(episode)).toThrow();
    expect(store.instance('i')?.status).toBe('Pending');
    expect(store.inbox('i', 5)).toHaveLength(1);
    expect(store.history('i')).toEqual([]);
    store.close();
  });

  it('gives messages when they are due, in the order in which they came', () => {
    const store = openDurableStore(':memory:');
    const message = (messageId: string, dueAt: number) => ({
      instanceId: 'i',
      executionId: null,
      messageId,
      dueAt,
      event,
    });
    for (const [id, dueAt] of [
      ['b', 20],
      ['a', 10],
      ['c', 30],
    ] as const)
      store.post(message(id, dueAt));
    expect(store.inbox('i', 20).map(({ messageId }) => messageId)).toEqual(['b', 'a']);
    expect(store.nextDue(20)).toBe(30);
    expect(store.nextDue(30)).toBeNull();
    store.close();
  });
});
