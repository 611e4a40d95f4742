const longestPointer = 200;

const escapeToken = (token: PropertyKey) => String(token).replaceAll('~', '~0').replaceAll('/', '~1');

/** RFC 6901, cut off where a caller's own names make it too long to show. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path
    .map((token) => `/${escapeToken(token)}`)
    .join('')
    .slice(0, longestPointer);
