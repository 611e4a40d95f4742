import type { BatchDetail } from './batch.ts';

/** Name of the one event of a batch's stream; its data is a BatchDetail, its id names the state. */
export const progressEvent = 'progress';

/** Names a state of a batch: as long as it is the same, nothing has happened. */
export const batchEventId = ({ status, generation, counts }: BatchDetail): string =>
  [status, generation, counts.planned - counts.pending - counts.inProgress, counts.inProgress].join('-');
