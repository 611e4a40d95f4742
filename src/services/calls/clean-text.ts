/**
 * A provider's text as PostgreSQL can hold it. NUL, and halves of surrogate pairs, exist in JSON but not in `text`; a
 * model may send them, and its answer must be stored, and returned as stored, all the same: each becomes U+FFFD.
 */
export const cleanText = (text: string): string => {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes('\u0000') ? wellFormed.replaceAll('\u0000', '\ufffd') : wellFormed;
};

/** @see cleanText */
export const cleanTextOrNull = (text: string | null): string | null =>
  text === null ? null : cleanText(text);
