import type { Inference, Message, Preprocessing } from '../../src/contract/inference.ts';
import { draftParameters, type ParameterDraft } from './parameter-draft.ts';

/** Who is asked, in a column of its own. */
export type PlayTarget = { key: string; provider: string; model: string };

export type PlayDraft = {
  system: string;
  /** Turns of a conversation before the question. */
  before: Message[];
  prompt: string;
  parameters: ParameterDraft;
  /** Of the run that the question comes from; null: the question is sent as it is. */
  preprocessing: Preprocessing | null;
  columns: PlayTarget[];
};

export const maxColumns = 6;

/** The question of these runs, which share it, in a column for each of them. */
export const draftOfRuns = (runs: readonly Inference[]): Partial<PlayDraft> => {
  const [first] = runs;
  if (first === undefined) return {};
  const before = [...(first.originalMessages ?? first.messages)];
  const system = before[0]?.role === 'system' ? before.shift() : undefined;
  const question = before.at(-1)?.role === 'user' ? before.pop() : undefined;
  return {
    system: system?.content ?? '',
    before,
    prompt: question?.content ?? '',
    parameters: draftParameters(first.parameters),
    preprocessing: first.preprocessing,
    columns: runs.slice(0, maxColumns).map(({ id, provider, model }) => ({ key: id, provider, model })),
  };
};

export const messagesOf = ({ system, before, prompt }: PlayDraft): Message[] => [
  ...(system.trim() === '' ? [] : [{ role: 'system' as const, content: system }]),
  ...before,
  { role: 'user', content: prompt },
];
