import { z } from 'zod';
import { BatchItemInput } from '../../src/contract/batch-item.ts';
import { OpenaiBatchLine } from '../../src/contract/openai-batch-line.ts';

export type QuestionFault = { line: number; message: string };
export type QuestionReading = {
  items: BatchItemInput[];
  /** Models that lines in OpenAI's batch format name. */
  models: string[];
  faults: QuestionFault[];
};

/** More faults than anybody reads. */
const maxFaults = 5;

const messageOf = (error: z.ZodError): string => {
  const [issue] = error.issues;
  if (issue === undefined) return 'is not valid';
  const place = issue.path.join('/');
  return place === '' ? issue.message : `${place}: ${issue.message}`;
};

const readLine = (value: unknown): { item: BatchItemInput; model: string | null } => {
  if (typeof value === 'object' && value !== null && 'custom_id' in value)
    return OpenaiBatchLine.parse(value);
  // The API takes `id` for `itemKey` as well.
  const renamed =
    typeof value === 'object' && value !== null && 'id' in value && !('itemKey' in value)
      ? Object.fromEntries(
          Object.entries(value).map(([key, member]) => [key === 'id' ? 'itemKey' : key, member]),
        )
      : value;
  return { item: BatchItemInput.parse(renamed), model: null };
};

/** Lines after which others get a turn: a file of 50,000 must not freeze the page. */
const linesAtOnce = 1000;

/**
 * Reads JSON lines of questions as the API would, so that a bad line is found before anything is sent. Blank lines hold none.
 * @throws nothing: faults are named by line, at most five of them.
 */
export const readQuestions = async (text: string): Promise<QuestionReading> => {
  const items: BatchItemInput[] = [];
  const models = new Set<string>();
  const faults: QuestionFault[] = [];
  const keys = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (index % linesAtOnce === linesAtOnce - 1) await new Promise((resolve) => setTimeout(resolve));
    if (line.trim() === '') continue;
    try {
      const { item, model } = readLine(JSON.parse(line));
      if (keys.has(item.itemKey)) throw new Error(`the key “${item.itemKey}” is there twice`);
      keys.add(item.itemKey);
      items.push(item);
      if (model !== null) models.add(model);
    } catch (error) {
      const message =
        error instanceof z.ZodError
          ? messageOf(error)
          : error instanceof SyntaxError
            ? 'is not valid JSON'
            : String(error instanceof Error ? error.message : error);
      faults.push({ line: index + 1, message });
      if (faults.length >= maxFaults) break;
    }
  }
  return { items, models: [...models], faults };
};
