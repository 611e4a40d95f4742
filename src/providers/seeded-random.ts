import { createHash } from 'node:crypto';

/** Random numbers in [0, 1) that are the same for the same seed. */
export type SeededRandom = () => number;

/** A 32-bit hash of a text, spread evenly (the first bytes of its SHA-256). */
export const hash32 = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0);

/** Mulberry32 (Tommy Ettinger, public domain): small, fast, even enough for made-up answers; not for secrets. */
export const createSeededRandom = (seed: number): SeededRandom => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
