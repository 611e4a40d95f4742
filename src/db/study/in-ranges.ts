import { type FragmentSqlToken, sql } from 'slonik';
import type { Range } from './study-pieces.ts';

/**
 * Whether a moment lies in one of the ranges, as plain conditions: of these the planner knows how many rows they let through,
 * of a join with ranges it doesn't, and reads the whole table.
 */
export const inRanges = (column: FragmentSqlToken, ranges: readonly Range[]): FragmentSqlToken => {
  const conditions = ranges.map(
    ([from, to]) =>
      sql.fragment`(${column} >= ${new Date(from).toISOString()} and ${column} < ${new Date(to).toISOString()})`,
  );
  return conditions.length === 0
    ? sql.fragment`false`
    : sql.fragment`(${sql.join(conditions, sql.fragment` or `)})`;
};
