/**
 * A cell of text as `src/db/exports/csv-cells.ts` has the database write it: always in quotes, with an apostrophe before what a
 * spreadsheet would compute, and before apostrophes before such. null stays an empty cell.
 */
export const csvTextCell = (text: string | null): string | null =>
  text === null ? null : `"${(/^'*[=+\-@\t\n\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
