import type { PiiKind } from '../../contract/inference.ts';

// Every pattern is linear: either a run is entered only at its first character (look-behind), or its length is bounded.
const email = /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]+@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/gu;

const digitGroups = /\d+(?:[ -]\d+)*/g;
const leastCardDigits = 13;
const mostCardDigits = 19;

const phones = [
  // International: + or 00, then 7 to 15 digits (ITU-T E.164), set apart as people do: +49 (0)30 1234-567.
  /(?<![\p{L}\p{N}])(?:\+|00) ?\(?\d(?:[ ()./-]{0,3}\d){6,14}(?!\d)/gu,
  // North American: 3-3-4 with separators, 1 in front or not.
  /(?<![\p{L}\p{N}])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\d)/gu,
  // National with a trunk 0, 9 to 14 digits; a date such as 01.02.2024 10:30 is none.
  /(?<![\p{L}\p{N}.,])(?!\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?![./-]?\d))\(?0\d(?:[ ()./-]{0,2}\d){7,12}(?!\d)/gu,
];

/**
 * Replaces e-mail addresses, payment card numbers and telephone numbers by `[email]`, `[card]`, `[phone]`.
 *
 * A card number has 13 to 19 digits (ISO/IEC 7812), begins with 2 to 6, passes the Luhn check and may be grouped by
 * single spaces or dashes. A telephone number is international, North American or national with a leading 0; bare
 * digits without any of these signs are left alone, since they are as often an amount or an id.
 * Cards come before telephone numbers, because a card's digits may look like one.
 */
export const removePii = (text: string, kinds: readonly PiiKind[]): string => {
  let result = text;
  if (kinds.includes('email') && result.includes('@')) result = result.replace(email, '[email]');
  if (kinds.includes('card')) result = result.replace(digitGroups, replaceCards);
  if (kinds.includes('phone')) for (const phone of phones) result = result.replace(phone, '[phone]');
  return result;
};

/** A run may hold several numbers (`Card 12: 4111 …, 05 27`): a card begins and ends with a group of its digits. */
const replaceCards = (run: string): string => {
  if (run.length < leastCardDigits) return run;
  const groups = [...run.matchAll(/\d+/g)].map((match) => ({ start: match.index, digits: match[0] }));
  let result = '';
  let copied = 0;
  for (let first = 0; first < groups.length; first += 1) {
    const last = lastGroupOfCard(groups, first);
    const from = groups[first];
    const to = last === null ? undefined : groups[last];
    if (last === null || from === undefined || to === undefined) continue;
    result += `${run.slice(copied, from.start)}[card]`;
    copied = to.start + to.digits.length;
    first = last;
  }
  return copied === 0 ? run : result + run.slice(copied);
};

const lastGroupOfCard = (groups: readonly { digits: string }[], first: number): number | null => {
  if (!/^[2-6]/.test(groups[first]?.digits ?? '')) return null;
  let digits = '';
  let found: number | null = null;
  for (const [index, group] of groups.slice(first, first + mostCardDigits).entries()) {
    digits += group.digits;
    if (digits.length > mostCardDigits) break;
    if (digits.length >= leastCardDigits && passesLuhn(digits)) found = first + index;
  }
  return found;
};

/** The check digit of payment cards: ISO/IEC 7812-1, annex B. */
export const passesLuhn = (digits: string): boolean => {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
};
