import { z } from 'zod';

/**
 * UUID of a row, version 7 for rows of ours. Capitals are made small: the database takes both for the same, but an id also names
 * files and keys.
 */
export const Id = z.uuid().toLowerCase();

const firstMoment = Date.parse('0001-01-01T00:00:00Z');
const lastMoment = Date.parse('9999-12-31T23:59:59.999Z');
const isStorableMoment = (text: string) => {
  const moment = Date.parse(text);
  return moment >= firstMoment && moment <= lastMoment && !/^0000|[+-](?:1[6-9]|2\d):\d\d$/.test(text);
};

/** RFC 3339, in UTC where it is ours. PostgreSQL knows no year 0 and no offset of 16 hours. */
export const Timestamp = z.iso
  .datetime({ offset: true, abort: true, error: 'write it as 2030-01-31T12:00:00Z, or with an offset' })
  .refine(isStorableMoment, 'must lie in the years 1 to 9999, with an offset below 16 hours');
/** Money as a decimal string: binary floating point cannot hold it. */
export const Money = z.string().regex(/^-?\d+(\.\d+)?$/, 'write it as a decimal number, such as 2.50');

const isStorable = (text: string) => !text.includes('\u0000') && text.isWellFormed();

/** Text that PostgreSQL can hold: it has neither the NUL character nor half a surrogate pair, and neither may the caller's. */
export const StorableText = z
  .string()
  .refine(isStorable, 'must not contain the NUL character or half a surrogate pair');

/** The name of a provider as configured. */
export const ProviderName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'lower-case letters, digits and dashes');
/** A model or deployment name. May contain slashes, so it never travels in a path. */
export const ModelName = StorableText.min(1).max(200);

/** Limits of one page of a list. */
export const PageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(500).optional(),
};

/** One page of a list, newest first: pass `nextCursor` back as `cursor`; null at the end. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() });
