export type CsvCell = string | number | null;
export type CsvTable = { head: readonly string[]; rows: readonly (readonly CsvCell[])[] };

/** What a spreadsheet would take for a formula is led by an apostrophe; numbers stay numbers. */
const cellText = (cell: CsvCell): string => {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = /^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** A table as RFC 4180 has it; unknown is an empty cell. */
export const csvText = ({ head, rows }: CsvTable): string =>
  [head, ...rows].map((row) => `${row.map(cellText).join(',')}\r\n`).join('');
