import { z } from 'zod';

/** On every POST that costs money. */
export const IdempotencyHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, '1 to 255 visible ASCII characters')
    .optional()
    .meta({ description: 'Asked twice with the same key and body, a question is sent and paid once' }),
});
