import type { ClaimedPrompt } from '../../db/embeddings/embedding-repository.ts';
import { truncateToTokens } from '../prompts/truncate-to-tokens.ts';

export type FittedPrompt = ClaimedPrompt & {
  /** Whether the model gets its beginning only. */
  isTruncated: boolean;
};

/** What search looks at of a prompt, in UTF-16 units; a text of that length was longer. */
const longestKept = 50_000;
/** Vendors take 300,000 tokens a call (OpenAI) or less, and no token is shorter than a byte. */
const mostBytes = 200_000;
/** A prompt that was part of so many calls that failed is asked alone: perhaps it is what they failed at. */
const soonAlone = 3;

/** The longest beginning of a text that the model takes. Only what may be too long is counted. */
export const fitText = async (text: string, maxTokens: number): Promise<string> =>
  Buffer.byteLength(text) <= maxTokens ? text : truncateToTokens(text, maxTokens);

export const fitPrompt = async (prompt: ClaimedPrompt, maxTokens: number): Promise<FittedPrompt> => {
  const text = await fitText(prompt.text, maxTokens);
  const isTruncated = text.length < prompt.text.length || prompt.text.length >= longestKept;
  return { ...prompt, text, isTruncated };
};

/** Parts prompts into calls, in their order: as many as fit into one, and those alone that were in calls that failed. */
export const groupPrompts = (prompts: readonly FittedPrompt[]): FittedPrompt[][] => {
  const groups: FittedPrompt[][] = [];
  let open: FittedPrompt[] = [];
  let bytes = 0;
  for (const prompt of prompts) {
    const size = Buffer.byteLength(prompt.text);
    if (prompt.attempts > soonAlone) {
      groups.push([prompt]);
      continue;
    }
    if (open.length === 0 || bytes + size > mostBytes) {
      open = [];
      bytes = 0;
      groups.push(open);
    }
    open.push(prompt);
    bytes += size;
  }
  return groups;
};
