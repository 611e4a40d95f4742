import type { Inference } from '../../src/contract/inference.ts';

/** Labels of what was asked here: those of one click share the round, and each has its column. */
export const playgroundLabels = (round: string, column: number) => ({ source: 'playground', round, column });
export const playgroundFilter = { metadata: 'source:playground' };
export const roundFilter = (round: string) => ({ metadata: `round:${round}` });

/** `round`: null where a run was labelled by somebody else. */
const columnOf = ({ metadata }: Inference) => Number(metadata.column ?? 0);
/** Runs of a round as they stood beside each other: asked at the same moment, they are listed in any order. */
export const inColumns = (runs: readonly Inference[]): Inference[] =>
  runs.toReversed().toSorted((a, b) => columnOf(a) - columnOf(b));

export type Round = { round: string | null; runs: Inference[] };

/** Runs of the playground by the click that asked them, in the order they come in. */
export const groupRounds = (runs: readonly Inference[]): Round[] => {
  const rounds = new Map<string, Round>();
  for (const run of runs) {
    const round = run.metadata.round === undefined ? null : String(run.metadata.round);
    const known = rounds.get(round ?? run.id);
    if (known === undefined) rounds.set(round ?? run.id, { round, runs: [run] });
    else known.runs.push(run);
  }
  return [...rounds.values()].map(({ round, runs: members }) => ({ round, runs: inColumns(members) }));
};
