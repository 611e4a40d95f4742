import { BatchDefinition, type ScheduledBatch } from '../../src/contract/batch.ts';
import type { BatchRequest } from '../api/use-batches.ts';

/** One target as it is being typed. */
export type TargetDraft = {
  /** Tells rows apart while they are edited. */
  key: string;
  provider: string;
  model: string;
  temperature: string;
  maxOutputTokens: string;
};

/** A batch as it is being typed: empty means left out. */
export type BatchDraft = {
  name: string;
  targets: TargetDraft[];
  repetitions: string;
  concurrency: string;
  maxCostUsd: string;
  maxTokens: string;
  maxAttempts: string;
  shareIdentical: boolean;
  resend: boolean;
};

export type DraftFaults = Partial<Record<string, string>>;
export type DraftReading = {
  definition: Omit<BatchRequest, 'items' | 'uploadId'> | null;
  faults: DraftFaults;
};

export const newTarget = (choice: { provider: string; model: string }): TargetDraft => ({
  key: crypto.randomUUID(),
  ...choice,
  temperature: '',
  maxOutputTokens: '',
});

export const newDraft = (targets: TargetDraft[]): BatchDraft => ({
  name: '',
  targets,
  repetitions: '1',
  concurrency: '32',
  maxCostUsd: '',
  maxTokens: '',
  maxAttempts: '5',
  shareIdentical: false,
  resend: true,
});

const text = (value: number | string | null | undefined) => ((value ?? null) === null ? '' : String(value));

/** What is stored, for editing. */
export const draftOf = (batch: ScheduledBatch): BatchDraft => ({
  name: text(batch.name),
  targets: batch.targets.map(({ provider, model, parameters }) => ({
    ...newTarget({ provider, model: text(model) }),
    temperature: text(parameters?.temperature),
    maxOutputTokens: text(parameters?.maxOutputTokens),
  })),
  repetitions: text(batch.repetitions),
  concurrency: text(batch.concurrency),
  maxCostUsd: text(batch.maxCostUsd),
  maxTokens: text(batch.maxTokens),
  maxAttempts: text(batch.maxAttempts),
  shareIdentical: batch.shareIdentical,
  resend: batch.onUnknown === 'resend',
});

/** A number as typed; what is none stays text, so that the contract names it. */
const numberOf = (typed: string): unknown => (Number.isNaN(Number(typed)) ? typed : Number(typed));

const given = (members: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(members).flatMap(([key, typed]) => (typed.trim() === '' ? [] : [[key, numberOf(typed)]])),
  );

/** @returns the definition, or the faults by field: `repetitions`, `targets/0/model`. */
export const readDraft = (draft: BatchDraft): DraftReading => {
  const { name, targets, repetitions, concurrency, maxCostUsd, maxTokens, maxAttempts } = draft;
  const parsed = BatchDefinition.safeParse({
    ...(name.trim() !== '' && { name }),
    targets: targets.map(({ provider, model, temperature, maxOutputTokens }) => {
      const parameters = given({ temperature, maxOutputTokens });
      return {
        provider,
        ...(model.trim() !== '' && { model: model.trim() }),
        ...(Object.keys(parameters).length > 0 && { parameters }),
      };
    }),
    ...given({ repetitions, concurrency, maxTokens, maxAttempts }),
    ...(maxCostUsd.trim() !== '' && { maxCostUsd: maxCostUsd.trim() }),
    shareIdentical: draft.shareIdentical,
    onUnknown: draft.resend ? 'resend' : 'missing',
  });
  if (parsed.success) return { definition: parsed.data, faults: {} };
  const faults: DraftFaults = {};
  for (const { path, message } of parsed.error.issues) faults[path.join('/')] ??= message;
  return { definition: null, faults };
};
