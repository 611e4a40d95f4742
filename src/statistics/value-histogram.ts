import type { Interval } from './interval.ts';
import { quantileRanks } from './quantile-ranks.ts';

/** Each value is told to within this share of itself. */
const relativeError = 0.01;
/** Bounds of the buckets grow by this factor. */
export const gamma = (1 + relativeError) / (1 - relativeError);
const logGamma = Math.log(gamma);
/** Values up to this are told as 0. */
export const smallestValue = 1e-9;
/** The bucket of such values. */
export const zeroBucket = -32_768;
const largestBucket = 32_767;
/** A bucket is written as its index (int16) and its count (int32), both with the high byte first. */
const entryBytes = 6;

/** Bucket i holds the values in (γ^(i−1), γ^i]. */
export const bucketOf = (value: number): number =>
  value <= smallestValue ? zeroBucket : Math.min(largestBucket, Math.ceil(Math.log(value) / logGamma));

/** The value that stands for all of a bucket: no value of it is further away than the relative error. */
const representativeOf = (bucket: number): number =>
  bucket === zeroBucket ? 0 : (2 * gamma ** bucket) / (gamma + 1);

const upperBoundOf = (bucket: number): number => (bucket === zeroBucket ? 0 : gamma ** bucket);

export type Bin = { from: number; to: number; count: number };

/**
 * How values ≥ 0 are distributed, in buckets that grow geometrically. Every order statistic, and so every quantile, is known to
 * within 1 % of itself, and histograms of parts add up to exactly the histogram of the whole.
 * Source: Masson, Rim, Lee: DDSketch, Proc. VLDB 12 (2019) 2195–2205, without its bound on the number of buckets.
 */
export type ValueHistogram = {
  readonly count: number;
  add(value: number, times?: number): void;
  /** Adds what `encode`, or the database, has written; several may stand one behind the other. */
  merge(bytes: Uint8Array): void;
  encode(): Uint8Array;
  /** Interpolated between the order statistics around rank q·(n − 1), as PostgreSQL's percentile_cont; null without a value. */
  quantile(quantile: number): number | null;
  /** At least 95 % confidence, by order statistics; null where the sample is too small for an end. */
  quantileInterval(quantile: number): Interval | null;
  /** At most so many bins that cover all values; a bin holds values in (from, to]. */
  bins(most: number): Bin[];
};

export const createValueHistogram = (): ValueHistogram => {
  const counts = new Map<number, number>();
  let count = 0;
  let sorted: [bucket: number, count: number][] | null = null;

  const put = (bucket: number, times: number) => {
    counts.set(bucket, (counts.get(bucket) ?? 0) + times);
    count += times;
    sorted = null;
  };
  const inOrder = () => {
    sorted ??= [...counts].toSorted(([left], [right]) => left - right);
    return sorted;
  };
  /** The order statistic of this rank, counted from 1. */
  const valueAt = (rank: number): number => {
    let seen = 0;
    for (const [bucket, times] of inOrder()) {
      seen += times;
      if (seen >= rank) return representativeOf(bucket);
    }
    return representativeOf(inOrder().at(-1)?.[0] ?? zeroBucket);
  };

  return {
    get count() {
      return count;
    },
    add: (value, times = 1) => put(bucketOf(value), times),
    merge: (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 0; at + entryBytes <= bytes.byteLength; at += entryBytes) {
        put(view.getInt16(at), view.getInt32(at + 2));
      }
    },
    encode: () => {
      const bytes = new Uint8Array(counts.size * entryBytes);
      const view = new DataView(bytes.buffer);
      for (const [index, [bucket, times]] of inOrder().entries()) {
        view.setInt16(index * entryBytes, bucket);
        view.setInt32(index * entryBytes + 2, times);
      }
      return bytes;
    },
    quantile: (quantile) => {
      if (count === 0) return null;
      const rank = quantile * (count - 1) + 1;
      const [low, high] = [valueAt(Math.floor(rank)), valueAt(Math.ceil(rank))];
      return low + (high - low) * (rank - Math.floor(rank));
    },
    quantileInterval: (quantile) => {
      const { low, high } = quantileRanks(count, quantile);
      return low === null || high === null ? null : { low: valueAt(low), high: valueAt(high) };
    },
    bins: (most) => {
      const buckets = inOrder();
      const [zero, positive] = [
        buckets.filter(([b]) => b === zeroBucket),
        buckets.filter(([b]) => b !== zeroBucket),
      ];
      const bins: Bin[] = zero.map(([, times]) => ({ from: 0, to: 0, count: times }));
      const [first, last] = [positive[0]?.[0], positive.at(-1)?.[0]];
      if (first === undefined || last === undefined) return bins;
      const width = Math.ceil((last - first + 1) / Math.max(1, most - bins.length));
      for (let start = first; start <= last; start += width) {
        const inBin = positive.filter(([bucket]) => bucket >= start && bucket < start + width);
        bins.push({
          from: upperBoundOf(start - 1),
          to: upperBoundOf(start + width - 1),
          count: inBin.reduce((sum, [, times]) => sum + times, 0),
        });
      }
      return bins;
    },
  };
};
