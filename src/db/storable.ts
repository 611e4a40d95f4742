/**
 * What PostgreSQL can hold. Its text knows neither the NUL character nor half a surrogate pair, and its jsonb refuses their
 * escapes as well; a provider's answer may hold both. They become U+FFFD, the replacement character.
 */
export const storableText = (text: string): string => {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes('\u0000') ? wellFormed.replaceAll('\u0000', '\uFFFD') : wellFormed;
};

export const storableTextOrNull = (text: string | null): string | null =>
  text === null ? null : storableText(text);

/**
 * JSON text for a jsonb column; null stays null. JSON.stringify writes both offenders as `\u....`, so that a text without
 * such an escape, nearly every one, is done. What has no JSON text at all (a cycle, a bigint, a nesting too deep for
 * the stack) is stored as a note of that: an answer that cannot be kept must not keep its outcome from being recorded.
 */
export const storableJson = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  try {
    const json = JSON.stringify(value);
    if (json === undefined) return null;
    return json.includes('\\u') ? JSON.stringify(storableDeep(JSON.parse(json))) : json;
  } catch (error) {
    return unstorableNote(error);
  }
};

/** Stands in a jsonb column for what could not be stored there. */
export const unstorableNote = (error: unknown): string =>
  JSON.stringify({ unstorable: storableText(error instanceof Error ? error.message : String(error)) });

const storableDeep = (value: unknown): unknown => {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storableDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storableText(key), storableDeep(inner)]),
  );
};

/** A finite number, or null: NaN and infinities come from a provider's nonsense and are as good as unknown. */
export const storableNumber = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;

/** A whole number that a bigint column and JavaScript can both hold, or null. */
export const storableInteger = (value: number | null): number | null =>
  value !== null && Number.isSafeInteger(value) ? value : null;
