import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleRun, exampleSettlement } from '../support/example-rows.ts';
import { type OpenRepository, openRepository } from '../support/open-repository.ts';

const at = new Date('2026-01-02T03:04:05.000Z');
const later = new Date('2026-01-02T03:04:06.000Z');

describe('requests to stop a run', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository();
  });
  afterAll(() => open.close());

  const insert = async (streamed: boolean) => {
    const run = exampleRun({ streamed });
    await open.repository.insertRun(run);
    return run;
  };

  it('mark a streamed run that is being sent; a second one keeps the time of the first', async () => {
    const { repository } = open;
    const [one, other] = [await insert(true), await insert(true)];
    expect(await repository.findCancelRequests([one.id, other.id])).toEqual([]);
    expect(await repository.requestCancel(one.id, at)).toBe(true);
    expect(await repository.requestCancel(one.id, later)).toBe(true);
    expect(await repository.findCancelRequests([one.id, other.id])).toEqual([
      { id: one.id, requestedAt: at },
    ]);
    expect(await repository.findInference(one.id)).toMatchObject({
      status: 'sending',
      cancelRequestedAt: at.toISOString(),
    });
  });

  it('are nothing to a whole answer, to what has ended, and to what there is not', async () => {
    const { repository } = open;
    const [whole, ended] = [await insert(false), await insert(true)];
    await repository.settleRun(exampleSettlement(ended));
    for (const id of [whole.id, ended.id, randomUUIDv7()]) {
      expect(await repository.requestCancel(id, at)).toBe(false);
    }
    expect(await repository.findCancelRequests([whole.id, ended.id])).toEqual([]);
    expect(await repository.findCancelRequests([])).toEqual([]);
  });

  it('stay in the record of a run that ended by itself first', async () => {
    const run = await insert(true);
    await open.repository.requestCancel(run.id, at);
    await open.repository.settleRun(exampleSettlement(run));
    expect(await open.repository.findInference(run.id)).toMatchObject({
      outcome: 'ok',
      cancelRequestedAt: at.toISOString(),
    });
  });
});
