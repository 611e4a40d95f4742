import type { Inference, Parameters } from '../../src/contract/inference.ts';

/** Labels of what was asked here; those of one click share the round. */
export const playgroundLabels = (round: string) => ({ source: 'playground', round });
export const playgroundFilter = { metadata: 'source:playground' };

export type Round = { round: string; runs: Inference[] };

/** Runs of the playground by the click that asked them, in the order they come in. */
export const groupRounds = (runs: readonly Inference[]): Round[] => {
  const rounds = new Map<string, Inference[]>();
  for (const run of runs) {
    const round = String(run.metadata.round ?? run.id);
    const known = rounds.get(round);
    if (known === undefined) rounds.set(round, [run]);
    else known.push(run);
  }
  return [...rounds].map(([round, members]) => ({ round, runs: members.toReversed() }));
};

export type ParameterDraft = { temperature: string; maxOutputTokens: string; topP: string; seed: string };
export const emptyParameters: ParameterDraft = { temperature: '', maxOutputTokens: '', topP: '', seed: '' };

/** Numbers as typed; what is empty is left to the provider, and what is no number stays one for the API to name. */
export const readParameters = (draft: ParameterDraft): Parameters =>
  Object.fromEntries(
    Object.entries(draft).flatMap(([name, typed]) => {
      const text = typed.trim();
      if (text === '') return [];
      return [[name, Number.isNaN(Number(text)) ? text : Number(text)]];
    }),
  );

export const draftParameters = (parameters: Parameters): ParameterDraft => ({
  temperature: String(parameters.temperature ?? ''),
  maxOutputTokens: String(parameters.maxOutputTokens ?? ''),
  topP: String(parameters.topP ?? ''),
  seed: String(parameters.seed ?? ''),
});
