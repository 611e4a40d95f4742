import { AppError } from '../errors.ts';

const placeholder = /(\\?)\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\}\}/g;

/**
 * Puts values in for `{{name}}` placeholders. Nothing else is a template: JSON braces such as `{{"a": 1}}` stay as
 * they are, there are no expressions, and `\{{name}}` stands for the text `{{name}}`. A single pass: what a value
 * brings in is never expanded again. A value that no placeholder uses is no error, because one row of a dataset
 * serves templates that differ in what they use.
 *
 * @param pointer JSON pointer of the text, for the fault.
 * @throws {AppError} invalid_request for an unknown name, with its line and column (both from 1).
 */
export const fillTemplate = (
  template: string,
  variables: Readonly<Record<string, string>>,
  pointer: string,
): string =>
  template.replace(placeholder, (whole: string, backslash: string, name: string, offset: number) => {
    if (backslash !== '') return whole.slice(1);
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== undefined) return value;
    const { line, column } = positionAt(template, offset);
    const message = `unknown variable "${name}" at line ${line}, column ${column}`;
    throw new AppError('invalid_request', `The template uses an ${message}.`, {
      faults: [{ pointer, message }],
    });
  });

const positionAt = (text: string, offset: number): { line: number; column: number } => {
  let line = 1;
  let lineStart = 0;
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', lineStart)) {
    line += 1;
    lineStart = next + 1;
  }
  return { line, column: offset - lineStart + 1 };
};
