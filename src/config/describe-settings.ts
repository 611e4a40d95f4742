import { z } from 'zod';
import { Settings } from './settings.ts';

/** What the documentation says of each setting, read from the schema itself. */
export const describeSettings = (): {
  name: string;
  about: string;
  reason: string | null;
  secret: boolean;
  required: boolean;
  defaultValue: string | null;
}[] =>
  Object.entries(Settings.shape).map(([name, schema]) => {
    const info = z.object({
      about: z.string(),
      reason: z.string().optional(),
      secret: z.boolean().optional(),
    });
    const { about, reason, secret } = info.parse(schema.meta());
    const unset = schema.safeParse(undefined);
    const defaultValue = unset.success && unset.data !== undefined ? unset.data : null;
    return {
      name,
      about,
      reason: reason ?? null,
      secret: secret ?? false,
      required: !unset.success,
      defaultValue:
        defaultValue === null || typeof defaultValue === 'string'
          ? defaultValue
          : JSON.stringify(defaultValue),
    };
  });
