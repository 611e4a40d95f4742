import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LeasedItem } from '../../../src/db/batches/batch-repository.ts';
import { createLaneLines, type LaneLine } from '../../../src/services/lanes/lane-line.ts';
import { createLaneRoom, lanesOf, laneWidth } from '../../../src/services/lanes/lane-room.ts';

const itemsOf = (count: number): LeasedItem[] =>
  Array.from({ length: count }, (_, position) => ({
    batchId: 'b',
    position,
    itemKey: String(position),
    targetIndex: 0,
    repetition: 1,
    attempts: 0,
    messages: [],
    parameters: {},
    metadata: {},
  }));

const linesOf = (count: number, calls: number): LaneLine[] =>
  createLaneLines(
    Array.from({ length: count }, (_, index) => ({ provider: `p-${index}` })),
    calls,
    { lane: 0, isHeard: () => false },
  );
/** As wide open as it gets. */
const openWide = (line: LaneLine): void => {
  for (let answer = 0; answer < 100; answer += 1) line.window.note('well');
};

describe('the lanes of a batch', () => {
  it('have its concurrency together, evenly, and none more than its width', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 512 }), (concurrency) => {
        const lanes = lanesOf(concurrency);
        expect(lanes.reduce((sum, calls) => sum + calls, 0)).toBe(concurrency);
        expect(Math.max(...lanes)).toBeLessThanOrEqual(laneWidth);
        expect(Math.max(...lanes) - Math.min(...lanes)).toBeLessThanOrEqual(1);
        expect(Math.min(...lanes)).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe('the room of a lane', () => {
  const setUps = fc.record({
    calls: fc.integer({ min: 1, max: 16 }),
    queued: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 5 }),
    wide: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    held: fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: Number.POSITIVE_INFINITY }), {
      minLength: 5,
      maxLength: 5,
    }),
    blocked: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    ended: fc.integer({ min: 0, max: 30 }),
  });

  it('is never exceeded: not that of the lane, of a window, of a provider’s limit, nor of a blocked provider', () => {
    fc.assert(
      fc.property(setUps, ({ calls, queued, wide, held, blocked, ended }) => {
        const now = 1_000_000;
        const lines = linesOf(queued.length, calls);
        const room = createLaneRoom(lines, calls, () => now);
        for (const [index, line] of lines.entries()) {
          line.queue = itemsOf(queued[index] ?? 0);
          if (wide[index] === true) openWide(line);
          line.held = held[index] ?? 0;
          line.blockedUntil = blocked[index] === true ? now + 1000 : 0;
        }
        for (let call = 0; call < ended; call += 1) room.noteCallEnd();
        const ahead = Math.min(calls, ended);
        const taken = room.share();

        const openCalls = lines.reduce((sum, { open }) => sum + open.size, 0);
        expect(openCalls).toBeLessThanOrEqual(calls + ahead);
        expect(taken.reduce((sum, [, items]) => sum + items.length, 0)).toBe(openCalls);
        for (const [index, line] of lines.entries()) {
          expect(line.open.size).toBeLessThanOrEqual(Math.min(line.held, line.window.size + ahead));
          if (line.window.size < calls) expect(line.open.size).toBeLessThanOrEqual(line.window.size);
          if (blocked[index] === true) expect(line.open.size).toBe(0);
          expect(line.open.size + line.queue.length).toBe(queued[index]);
        }
        // Nothing is left lying that there is room for.
        const couldTake = lines.some(
          (line) =>
            line.queue.length > 0 &&
            line.blockedUntil === 0 &&
            line.open.size < Math.min(line.held, line.window.size),
        );
        if (openCalls < calls) expect(couldTake).toBe(false);
        expect(room.share()).toEqual([]);
      }),
    );
  });

  it('is shared evenly among providers that are all well', () => {
    const lines = linesOf(3, 15);
    for (const line of lines) {
      openWide(line);
      line.queue = itemsOf(40);
    }
    createLaneRoom(lines, 15, () => 0).share();
    expect(lines.map(({ open }) => open.size)).toEqual([5, 5, 5]);
  });

  it('goes to the provider with the fewest calls, so that a slow one that stands first does not take it all', () => {
    const [slow, quick] = linesOf(2, 16);
    if (slow === undefined || quick === undefined) throw new Error('two lines');
    const lines = [slow, quick];
    const room = createLaneRoom(lines, 16, () => 0);
    for (const line of lines) openWide(line);
    for (let round = 0; round < 100; round += 1) {
      for (const line of lines) line.queue = itemsOf(40);
      room.share();
      // The quick one answers a call each round, the slow one none.
      for (const [item] of quick.open.entries()) {
        quick.open.delete(item);
        break;
      }
    }
    room.share();
    expect([slow.open.size, quick.open.size]).toEqual([8, 8]);
  });

  it('holds one call of a provider that never answers, however many wait for it', () => {
    const [silent, well] = linesOf(2, 16);
    if (silent === undefined || well === undefined) throw new Error('two lines');
    openWide(well);
    const room = createLaneRoom([silent, well], 16, () => 0);
    silent.queue = itemsOf(100);
    for (let round = 0; round < 10; round += 1) {
      well.queue = itemsOf(100);
      room.share();
      well.open.clear();
    }
    expect(silent.open.size).toBe(1);
  });
});

describe('what a lane leases', () => {
  it('is as much as it may begin, and half as much again only while calls end', () => {
    const [line] = linesOf(1, 8);
    if (line === undefined) throw new Error('a line');
    let now = 1000;
    const room = createLaneRoom([line], 8, () => now);
    expect(room.wanted(line)).toBe(8);
    line.queue = itemsOf(8);
    room.share();
    // Its calls take long: nothing is leased that would lie about.
    expect(room.wanted(line)).toBe(0);
    for (let call = 0; call < 8; call += 1) room.noteCallEnd();
    expect(room.wanted(line)).toBeGreaterThan(0);
    now += 10_000;
    expect(room.wanted(line)).toBe(0);
  });

  it('is nothing of a provider that has nothing ready or is to be left alone; that moment is the next to look', () => {
    const [line] = linesOf(1, 8);
    if (line === undefined) throw new Error('a line');
    const room = createLaneRoom([line], 8, () => 1000);
    line.dryUntil = 1200;
    expect(room.wanted(line)).toBe(0);
    line.blockedUntil = 1100;
    expect(room.nextMoment()).toBe(1100);
    line.dryUntil = 0;
    expect(room.wanted(line)).toBe(0);
  });
});
