export type RollupLevel = 'hour' | 'day' | 'week';
/** From, inclusive, to, exclusive; epoch ms. */
export type Range = readonly [from: number, to: number];
export type RollupPiece = { level: RollupLevel; range: Range };
export type StudyPieces = { rollups: RollupPiece[]; raw: Range[] };

export const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;
/** The epoch was a Thursday; weeks begin on Monday. */
const weekShift = 4 * dayMs;

const floorTo = (ms: number, width: number, shift = 0) => Math.floor((ms - shift) / width) * width + shift;
const ceilTo = (ms: number, width: number, shift = 0) => Math.ceil((ms - shift) / width) * width + shift;

const widths: Record<RollupLevel, [width: number, shift: number]> = {
  hour: [hourMs, 0],
  day: [dayMs, 0],
  week: [weekMs, weekShift],
};

/** Where the bucket of time that a moment lies in begins. */
export const bucketStart = (level: RollupLevel, ms: number): number => floorTo(ms, ...widths[level]);

/** Where the next one begins. */
export const bucketEnd = (level: RollupLevel, start: number): number => start + widths[level][0];

/** The ranges that buckets of time cover together, in as few pieces as there can be. */
export const rangesOf = (level: RollupLevel, starts: Iterable<number>): Range[] =>
  joined([...starts].map((start): Range => [start, start + widths[level][0]]));

/** A range whose ends are whole hours, in as few pieces of the allowed levels as there can be. */
const inLevels = ([from, to]: Range, levels: readonly RollupLevel[]): RollupPiece[] => {
  const [level, ...finer] = levels;
  if (from >= to || level === undefined) return [];
  const [width, shift] = widths[level];
  const [start, end] = [ceilTo(from, width, shift), floorTo(to, width, shift)];
  if (start >= end) return inLevels([from, to], finer);
  return [...inLevels([from, start], finer), { level, range: [start, end] }, ...inLevels([end, to], finer)];
};

const joined = (ranges: readonly Range[]): Range[] => {
  const result: [number, number][] = [];
  for (const [from, to] of ranges.toSorted(([left], [right]) => left - right)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else if (from < to) result.push([from, to]);
  }
  return result;
};

/** More ranges take longer to plan than all runs to read: so many hours only wait where nothing has been added up yet. */
const mostRawRanges = 200;

type PiecesOptions = {
  /** Both ends in epoch ms, a fraction of a ms rounded up. null: from the first run on. */
  from: number | null;
  /** null: to the last run. */
  to: number | null;
  /** The hours in which there is anything at all, first and last; null: nothing. */
  extent: Range | null;
  /** Beginnings of hours that changed since they were added up. */
  changed: readonly number[];
  /** Figures by the hour cannot come from sums of a day. */
  coarsest: RollupLevel;
};

const levelsUpTo = { hour: ['hour'], day: ['day', 'hour'], week: ['week', 'day', 'hour'] } as const;

/**
 * Which parts of a window are read from sums, and which from the runs themselves: those in hours that changed since they were
 * added up, and the parts of hours at the ends. Pieces don't overlap, and together they are the window.
 */
export const studyPieces = ({ from, to, extent, changed, coarsest }: PiecesOptions): StudyPieces => {
  if (extent === null) return { rollups: [], raw: [] };
  // Beyond its extent there is nothing, so an open end may reach to where a whole week does.
  const first = Math.max(from ?? Number.NEGATIVE_INFINITY, floorTo(extent[0], weekMs, weekShift));
  const last = Math.min(to ?? Number.POSITIVE_INFINITY, ceilTo(extent[1], weekMs, weekShift));
  if (first >= last) return { rollups: [], raw: [] };
  const [start, end] = [ceilTo(first, hourMs), floorTo(last, hourMs)];
  // A ms early, because the window may begin within it; the runs are held to its own ends as well.
  if (start > end) return { rollups: [], raw: [[first - 1, last]] };
  const dirty = changed
    .filter((hour) => hour >= start && hour < end)
    .map((hour): Range => [hour, hour + hourMs]);
  const raw = joined([...(first < start ? [[first - 1, start] as const] : []), ...dirty, [end, last]]);
  if (raw.length > mostRawRanges) return { rollups: [], raw: [[first - 1, last]] };
  const rollups: RollupPiece[] = [];
  let at = start;
  for (const [gapFrom, gapTo] of [...joined(dirty), [end, end] as const]) {
    rollups.push(...inLevels([at, gapFrom], levelsUpTo[coarsest]));
    at = gapTo;
  }
  return { rollups, raw };
};
