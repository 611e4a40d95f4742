import { z } from 'zod';
import { Secret } from './secret.ts';
import { KeyVaultName } from './secret-setting.ts';

export const json = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'is not valid JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

/** A secret itself, or `keyvault:NAME` for one that is read from the vault when it is used. */
export const secret = (pattern?: RegExp, wish = 'has the wrong form') =>
  z
    .string()
    .min(1)
    .transform((text, context): Secret | KeyVaultName => {
      if (KeyVaultName.isMeant(text)) {
        const name = KeyVaultName.read(text);
        if (name !== null) return name;
        context.addIssue({ code: 'custom', message: KeyVaultName.wish });
      } else if (pattern && !pattern.test(text)) context.addIssue({ code: 'custom', message: wish });
      return new Secret(text);
    });

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
export const integer = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

type SettingInfo = { about: string; reason?: string; secret?: boolean };
export const setting = <Schema extends z.ZodType>(schema: Schema, info: SettingInfo): Schema =>
  schema.meta(info);
