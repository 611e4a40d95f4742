import { maxTextLength } from '../../contract/inference.ts';
import { AppError } from '../../errors.ts';

const placeholder = /(\\?)\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\}\}/g;

/**
 * Puts values in for `{{name}}` placeholders. Nothing else is a template: JSON braces such as `{{"a": 1}}` stay as
 * they are, there are no expressions, and `\{{name}}` stands for the text `{{name}}`. A single pass: what a value
 * brings in is never expanded again. A value that no placeholder uses is no error, because one row of a dataset
 * serves templates that differ in what they use.
 *
 * @param pointer JSON pointer of the text, for the fault.
 * @param mostFilled most characters that all values together may bring in: a few placeholders can fill the memory.
 * @throws {AppError} invalid_request for an unknown name, with its line and column (both from 1); input_too_long.
 */
export const fillTemplate = (
  template: string,
  variables: Readonly<Record<string, string>>,
  pointer: string,
  mostFilled = maxTextLength,
): string => {
  let filled = 0;
  return template.replace(placeholder, (whole: string, backslash: string, name: string, offset: number) => {
    if (backslash !== '') return whole.slice(1);
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== undefined) {
      filled += value.length;
      if (filled > mostFilled) throw filledTooLong(pointer, mostFilled);
      return value;
    }
    const { line, column } = positionAt(template, offset);
    const message = `unknown variable "${name}" at line ${line}, column ${column}`;
    throw new AppError('invalid_request', `The template uses an ${message}.`, {
      faults: [{ pointer, message }],
    });
  });
};

const filledTooLong = (pointer: string, mostFilled: number): AppError => {
  const message = `the variables bring in more than ${mostFilled} characters`;
  return new AppError('input_too_long', `The input is too long: ${message}.`, {
    faults: [{ pointer, message }],
  });
};

const positionAt = (text: string, offset: number): { line: number; column: number } => {
  let line = 1;
  let lineStart = 0;
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', lineStart)) {
    line += 1;
    lineStart = next + 1;
  }
  return { line, column: offset - lineStart + 1 };
};
