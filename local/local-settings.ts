import { existsSync, readFileSync } from 'node:fs';

/** What the product wants of its host where nothing else is said: a body limit a little above its own of 16 MiB. */
const defaults = { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(17 * 1024 * 1024) };

/**
 * The values of a `local.settings.json`, as Azure Functions Core Tools would put them into the environment.
 * @returns the defaults when there is no such file.
 * @throws {Error} that says what is wrong with it, without quoting values.
 */
export function readLocalSettings(file: string): Record<string, string> {
  if (!existsSync(file)) return defaults;
  const parsed = parseJson(file);
  if (!isObject(parsed)) throw new Error(`${file} must hold a JSON object.`);
  const values = parsed.Values;
  if (!isObject(values)) throw new Error(`${file}: "Values" must be an object.`);
  if (parsed.IsEncrypted === true) throw new Error(`${file} is encrypted: "func settings decrypt" opens it.`);
  const given = Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value !== 'string') throw new Error(`${file}: the value of "${name}" must be a string.`);
      return [name, value];
    }),
  );
  return { ...defaults, ...given };
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
