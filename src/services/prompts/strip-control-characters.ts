// Every control character (category Cc: C0, DEL, C1) but tab, line feed and carriage return.
// Format characters (Cf) stay: joiners hold emoji and several scripts together.
const controlCharacter = /(?![\t\n\r])\p{Cc}/gu;

/** Takes control characters out of a text; tab and line breaks stay. */
export const stripControlCharacters = (text: string): string => text.replace(controlCharacter, '');
