import { readFileSync } from 'node:fs';
import path from 'node:path';

export type InfraParameter = {
  name: string;
  type: string;
  /** As written in Bicep; null: it must be given. */
  defaultValue: string | null;
  about: string;
  /** Allowed values or bounds, in words. */
  limits: string | null;
  secure: boolean;
};

const mainFile = path.resolve(import.meta.dirname, '../infra/main.bicep');

/** Decorators on lines of their own, then `param NAME TYPE [= DEFAULT]` on one line: how main.bicep is written. */
const declaration = /((?:^@.*\n)+)^param (\w+) (.+)$/gm;
const unquote = (text: string) => text.replaceAll("\\'", "'");

const limitsOf = (decorators: string): string | null => {
  const allowed = /^@allowed\(\[(.*)\]\)$/m.exec(decorators)?.[1];
  if (allowed !== undefined) return allowed.replaceAll("'", '`');
  const [least, most] = ['minValue', 'maxValue'].map(
    (name) => new RegExp(`^@${name}\\((\\d+)\\)$`, 'm').exec(decorators)?.[1],
  );
  if (least !== undefined && most !== undefined) return `${least} to ${most}`;
  return least === undefined ? null : `from ${least}`;
};

/** The parameters of infra/main.bicep, in their order. A test compares them with what the compiler sees. */
export const infraParameters = (text = readFileSync(mainFile, 'utf8')): InfraParameter[] =>
  [...text.matchAll(declaration)].map(([, decorators = '', name = '', rest = '']) => {
    const [type = '', defaultValue] = rest.split(/ = (?=[^=]*$)/);
    return {
      name,
      type,
      defaultValue: defaultValue ?? (type.endsWith('?') ? 'none' : null),
      about: unquote(/^@description\('(.*)'\)$/m.exec(decorators)?.[1] ?? ''),
      limits: limitsOf(decorators),
      secure: /^@secure\(\)$/m.test(decorators),
    };
  });
