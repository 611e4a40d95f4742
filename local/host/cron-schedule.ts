/** The next moment, strictly after `after`, at which a schedule is due; null when there is none within five years. */
export type CronSchedule = { next(after: Date): Date | null };

type Field = { name: string; low: number; high: number; names?: readonly string[] };

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const fields: readonly Field[] = [
  { name: 'second', low: 0, high: 59 },
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, names: monthNames },
  { name: 'day of week', low: 0, high: 6, names: dayNames },
];

const parseValue = (text: string, field: Field): number => {
  const byName = field.names?.findIndex((name) => text.toUpperCase().startsWith(name)) ?? -1;
  const value = byName >= 0 ? byName + field.low : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= field.low && value <= field.high)) throw new Error(`"${text}" is no ${field.name}`);
  return value;
};

const parseField = (text: string, field: Field): ReadonlySet<number> => {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', stepText] = part.split('/');
    const step = stepText === undefined ? 1 : Number(stepText);
    if (!Number.isInteger(step) || step < 1) throw new Error(`"${part}" has no valid step`);
    let low = field.low;
    let high = field.high;
    if (range !== '*') {
      const [from = '', to] = range.split('-');
      low = parseValue(from, field);
      high = to === undefined ? (stepText === undefined ? low : field.high) : parseValue(to, field);
      if (high < low) throw new Error(`"${part}" runs backwards`);
    }
    for (let value = low; value <= high; value += step) values.add(value);
  }
  return values;
};

/**
 * Parses an NCRONTAB expression: six fields from second to day of week, or five without seconds. Unlike Unix cron, day
 * and day of week must both match. Times are UTC, as in Azure. Throws on an expression that is not valid.
 */
export const parseCronSchedule = (expression: string): CronSchedule => {
  const parts = expression.trim().split(/\s+/);
  if (parts.length === 5) parts.unshift('0');
  if (parts.length !== 6) throw new Error(`"${expression}" does not have five or six fields`);
  const sets = fields.map((field, index) => parseField(parts[index] ?? '', field));
  const allows = (index: number, value: number): boolean => sets[index]?.has(value) ?? false;

  return {
    next: (after) => {
      const at = new Date(Math.floor(after.getTime() / 1000) * 1000 + 1000);
      const lastYear = at.getUTCFullYear() + 5;
      while (at.getUTCFullYear() <= lastYear) {
        if (!allows(4, at.getUTCMonth() + 1)) {
          at.setUTCMonth(at.getUTCMonth() + 1, 1);
          at.setUTCHours(0, 0, 0, 0);
        } else if (!allows(3, at.getUTCDate()) || !allows(5, at.getUTCDay())) {
          at.setUTCDate(at.getUTCDate() + 1);
          at.setUTCHours(0, 0, 0, 0);
        } else if (!allows(2, at.getUTCHours())) {
          at.setUTCHours(at.getUTCHours() + 1, 0, 0, 0);
        } else if (!allows(1, at.getUTCMinutes())) {
          at.setUTCMinutes(at.getUTCMinutes() + 1, 0, 0);
        } else if (!allows(0, at.getUTCSeconds())) {
          at.setUTCSeconds(at.getUTCSeconds() + 1, 0);
        } else {
          return at;
        }
      }
      return null;
    },
  };
};
