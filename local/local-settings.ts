import { existsSync, readFileSync } from 'node:fs';

/**
 * The values of a `local.settings.json`, as Azure Functions Core Tools would put them into the environment.
 * @returns nothing when there is no such file.
 * @throws {Error} that says what is wrong with it, without quoting values.
 */
export function readLocalSettings(file: string): Record<string, string> {
  if (!existsSync(file)) return {};
  const parsed = parseJson(file);
  if (!isObject(parsed)) throw new Error(`${file} must hold a JSON object.`);
  const values = parsed.Values ?? {};
  if (!isObject(values)) throw new Error(`${file}: "Values" must be an object.`);
  if (parsed.IsEncrypted === true) throw new Error(`${file} is encrypted: "func settings decrypt" opens it.`);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value !== 'string') throw new Error(`${file}: the value of "${name}" must be a string.`);
      return [name, value];
    }),
  );
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The parser's message quotes the text around the fault, and that may be a key.
    throw new Error(`${file} is not valid JSON.`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
