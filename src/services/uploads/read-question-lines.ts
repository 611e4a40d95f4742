import { maxBatchItems } from '../../contract/batch.ts';
import { BatchItemInput } from '../../contract/batch-item.ts';
import { maxJsonDepth, nestsDeeperThan } from '../../contract/json-depth.ts';
import { OpenaiBatchLine } from '../../contract/openai-batch-line.ts';
import { maxFileBytes } from '../../contract/upload.ts';
import { AppError } from '../../errors.ts';
import { limitBytes } from './limit-bytes.ts';
import { lineFaults } from './line-faults.ts';
import type { GivenQuestion } from './question-file.ts';
import { splitLines } from './split-lines.ts';

type Limits = { maxBytes: number; maxLines: number; maxLineBytes: number };

const usualLimits: Limits = {
  maxBytes: maxFileBytes,
  maxLines: maxBatchItems,
  maxLineBytes: 16 * 1024 * 1024,
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns what is wrong, as a text: the parser's own message would quote the line */
const parseLine = (bytes: Uint8Array): { value: unknown } | string => {
  if (nestsDeeperThan(bytes, maxJsonDepth)) return `nests deeper than ${maxJsonDepth} levels`;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return 'is not valid UTF-8';
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return 'is not valid JSON';
  }
};

/** Our own form; `id` may stand for `itemKey`, and is then what faults are called by. */
const readOwnLine = (place: string, line: Record<string, unknown>): GivenQuestion => {
  const hasId = Object.hasOwn(line, 'id') && !Object.hasOwn(line, 'itemKey');
  const { id, ...rest } = line;
  const parsed = BatchItemInput.safeParse(hasId ? { ...rest, itemKey: id } : line);
  if (parsed.success) return { place, item: parsed.data, model: null };
  const issues = parsed.error.issues.map((issue) =>
    hasId && issue.path[0] === 'itemKey' ? { ...issue, path: ['id', ...issue.path.slice(1)] } : issue,
  );
  return { place, faults: lineFaults(place, { issues }) };
};

const readOpenaiLine = (place: string, line: Record<string, unknown>): GivenQuestion => {
  const parsed = OpenaiBatchLine.safeParse(line);
  return parsed.success
    ? { place, ...parsed.data }
    : { place, faults: lineFaults(place, { issues: parsed.error.issues }) };
};

const readLine = (place: string, bytes: Uint8Array | null, maxLineBytes: number): GivenQuestion => {
  const fault = (message: string): GivenQuestion => ({ place, faults: [{ pointer: place, message }] });
  if (bytes === null) return fault(`is longer than ${maxLineBytes} bytes`);
  const parsed = parseLine(bytes);
  if (typeof parsed === 'string') return fault(parsed);
  if (!isRecord(parsed.value)) return fault('must be a JSON object');
  return Object.hasOwn(parsed.value, 'custom_id')
    ? readOpenaiLine(place, parsed.value)
    : readOwnLine(place, parsed.value);
};

/**
 * Questions of a file of JSON lines, one each: a `BatchItemInput`, or a line of OpenAI's batch format.
 * @param content uncompressed
 * @throws {AppError} payload_too_large for too many bytes or lines; what `content` throws
 */
export const readQuestionLines = async function* (
  content: AsyncIterable<Uint8Array>,
  limits: Partial<Limits> = {},
): AsyncGenerator<GivenQuestion> {
  const { maxBytes, maxLines, maxLineBytes } = { ...usualLimits, ...limits };
  const limited = limitBytes(content, maxBytes, `A file may have ${maxBytes} bytes at most, uncompressed.`);
  let count = 0;
  for await (const { number, bytes } of splitLines(limited, maxLineBytes)) {
    count += 1;
    if (count > maxLines) {
      throw new AppError('payload_too_large', `A file may have ${maxLines} lines with a question at most.`);
    }
    yield readLine(`line ${number}`, bytes, maxLineBytes);
  }
};
