import { z } from 'zod';
import { Id, Timestamp } from '../contract/common.ts';
import { AppError } from '../errors.ts';

/** Where a page ended: the sort key of its last row. */
const Position = z.tuple([Timestamp, Id]);
export type Position = z.infer<typeof Position>;

/** Opaque to callers, so that the sort key may change. */
export const toCursor = (row: { createdAt: string; id: string }): string =>
  Buffer.from(JSON.stringify([row.createdAt, row.id])).toString('base64url');

const parse = <Value>(cursor: string, schema: z.ZodType<Value>): Value => {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    const message = 'is not a cursor of this list';
    throw new AppError('invalid_request', `cursor ${message}`, {
      faults: [{ pointer: '?cursor', message }],
      cause,
    });
  }
};

/** @throws {AppError} invalid_request for a cursor that is not ours */
export const fromCursor = (cursor: string): Position => parse(cursor, Position);

const ItemPosition = z.tuple([z.number().int().min(0).max(2_147_483_647)]);

/** Where a page of a batch's items ended. */
export const toItemCursor = (position: number): string =>
  Buffer.from(JSON.stringify([position])).toString('base64url');

/** @throws {AppError} invalid_request for a cursor that is not ours */
export const fromItemCursor = (cursor: string): number => parse(cursor, ItemPosition)[0];

/** Cuts the extra row that was read to see whether there is a next page. */
export const toPage = <Row extends { createdAt: string; id: string }>(
  rows: readonly Row[],
  limit: number,
): { data: Row[]; nextCursor: string | null } => {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last !== undefined ? toCursor(last) : null };
};

/** The cursor behind the last row of a page, where the rows themselves say whether more follow. */
export const nextCursorOf = (
  rows: readonly { createdAt: string; id: string; hasNext: boolean }[],
): string | null => {
  const last = rows.at(-1);
  return last?.hasNext ? toCursor(last) : null;
};
