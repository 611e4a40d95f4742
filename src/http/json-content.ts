import type { z } from 'zod';

/** The content of a JSON body in a route definition. */
export const jsonContent = <Schema extends z.ZodType>(schema: Schema) => ({ 'application/json': { schema } });
