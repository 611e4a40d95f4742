const mark = '[key]';
/** Vendors quote (parts of) a wrong key in their error: `sk-…`, `Bearer …`. */
const keyLike = /\b(?:sk|sq|pk|key)[-_][A-Za-z0-9*._-]{6,}|\bBearer\s+[A-Za-z0-9._~+/=-]{6,}/g;

const strikeText = (text: string, secrets: readonly string[]): string => {
  let struck = text;
  for (const secret of secrets) if (secret.length >= 4) struck = struck.replaceAll(secret, mark);
  return struck.replace(keyLike, mark);
};

/** Strikes keys out of texts and JSON values that a vendor sent, before they may become part of an error. */
export const strikeSecrets = <Value>(value: Value, secrets: readonly string[]): Value => {
  const strike = (part: unknown): unknown => {
    if (typeof part === 'string') return strikeText(part, secrets);
    if (Array.isArray(part)) return part.map(strike);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, member]) => [strikeText(name, secrets), strike(member)]),
    );
  };
  return strike(value) as Value;
};
