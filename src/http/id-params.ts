import { z } from 'zod';
import { Id } from '../contract/common.ts';

/** The part of a path that names a row; what isn't a UUID is refused before anything is looked up. */
export const IdParams = z.object({ id: Id });

/** For routes that take no query key. */
export const NoQuery = z.strictObject({});
