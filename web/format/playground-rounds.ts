import type { Inference } from '../../src/contract/inference.ts';

/** Labels of what was asked here; those of one click share the round. */
export const playgroundLabels = (round: string) => ({ source: 'playground', round });
export const playgroundFilter = { metadata: 'source:playground' };
export const roundFilter = (round: string) => ({ metadata: `round:${round}` });

/** `round`: null where a run was labelled by somebody else. */
export type Round = { round: string | null; runs: Inference[] };

/** Runs of the playground by the click that asked them, in the order they come in. */
export const groupRounds = (runs: readonly Inference[]): Round[] => {
  const rounds = new Map<string, Round>();
  for (const run of runs) {
    const round = run.metadata.round === undefined ? null : String(run.metadata.round);
    const known = rounds.get(round ?? run.id);
    if (known === undefined) rounds.set(round ?? run.id, { round, runs: [run] });
    else known.runs.unshift(run);
  }
  return [...rounds.values()];
};
