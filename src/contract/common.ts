import { z } from 'zod';

/** UUID of a row, version 7 for rows of ours. */
export const Id = z.uuid();
/** RFC 3339, UTC. */
export const Timestamp = z.iso.datetime({ offset: true });
/** Money as a decimal string: binary floating point cannot hold it. */
export const Money = z.string().regex(/^-?\d+(\.\d+)?$/);

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
