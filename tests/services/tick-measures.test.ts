import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BatchRepository } from '../../src/db/batches/batch-repository.ts';
import { createTickService } from '../../src/services/create-tick-service.ts';
import { createLogger } from '../../src/telemetry/create-logger.ts';
import { createFakeConductor } from '../support/fake-conductor.ts';
import { at, exampleBatch, exampleInputs, type OpenBatches, openBatches } from '../support/open-batches.ts';

describe('what a tick measures', () => {
  let open: OpenBatches;
  beforeAll(async () => {
    open = await openBatches();
    await open.batches.insertBatch(exampleBatch(), exampleInputs(4));
  });
  afterAll(() => open.close());

  const start = (measures: boolean, more: Partial<BatchRepository> = {}) => {
    const measured: [string, number][] = [];
    const lines: string[] = [];
    let now = at(0).getTime();
    const service = createTickService({
      repository: { ...open.batches, ...more },
      conductor: createFakeConductor(),
      inferenceService: { sweep: async () => 0 },
      scheduleService: { fireDue: async () => 0 },
      uploadService: { expire: async () => 0 },
      exportService: { tend: async () => 0 },
      logger: createLogger({ level: 'info', write: (line) => lines.push(line) }),
      telemetry: { measures, measure: (name, value) => void measured.push([name, value]) },
      stallMs: 300_000,
      now: () => now,
    });
    return {
      service,
      measured,
      lines,
      pass: (ms: number) => {
        now += ms;
      },
    };
  };

  it('is how things stood before it, once a minute', async () => {
    const { service, measured, pass } = start(true);
    await service.tickInTurn();
    expect(measured).toEqual([
      ['sq.queue.pending', 4],
      ['sq.queue.oldest_lease_age', 0],
      ['sq.uploads', 0],
    ]);
    measured.length = 0;
    pass(10_000);
    expect(await service.tickInTurn()).toBeNull();
    expect(measured).toEqual([]);
    pass(50_000);
    await service.tickInTurn();
    expect(measured).toContainEqual(['sq.tick.age', 60]);
  });

  it('is nothing where nobody reads it', async () => {
    const asked = { queueFigures: () => Promise.reject(new Error('not to be asked')) };
    const { service, measured, lines } = start(false, asked);
    await service.tick();
    expect([measured, lines.filter((line) => line.includes('measured'))]).toEqual([[], []]);
  });

  it('keeps nothing from being done when it cannot be told', async () => {
    const broken = { queueFigures: () => Promise.reject(new Error('too slow')) };
    const { service, measured, lines } = start(true, broken);
    expect(await service.tick()).toMatchObject({ firings: 0 });
    expect(measured).toEqual([]);
    expect(lines.join()).toContain('the queue could not be measured');
  });
});
