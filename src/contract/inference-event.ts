import { z } from 'zod';
import { Id } from './common.ts';
import { Inference } from './inference.ts';
import { Problem } from './problem.ts';

/** The question is recorded and about to be sent. */
export const InferenceStart = z
  .object({ inferenceId: Id, provider: z.string(), model: z.string() })
  .meta({ id: 'InferenceStart' });
export type InferenceStart = z.infer<typeof InferenceStart>;

/** A piece of the answer. */
export const InferenceDelta = z.object({ text: z.string() }).meta({ id: 'InferenceDelta' });
export type InferenceDelta = z.infer<typeof InferenceDelta>;

/** The data of each event of a streamed inference, by the event's name. */
export const inferenceEvents = {
  start: InferenceStart,
  delta: InferenceDelta,
  /** What kept the answer from being whole; where there is a record, it follows as `end`. */
  error: Problem,
  /** The whole record: the last event. */
  end: Inference,
} as const;

export type InferenceEvent =
  | { type: 'start'; data: InferenceStart }
  | { type: 'delta'; data: InferenceDelta }
  | { type: 'error'; data: Problem }
  | { type: 'end'; data: Inference };
