import type { BatchDefinition, BatchTarget } from '../../contract/batch.ts';
import type { FieldFault } from '../../errors.ts';

/** The targets of a batch, of which some may leave their model to the lines of the file. */
export type ChosenTargets = {
  /** Takes the model that a line names. @returns what is wrong with it; null: nothing */
  choose(lineModel: string | null, place: string): FieldFault | null;
  /** Complete as soon as one line was right. */
  all(): readonly BatchTarget[];
};

/** A file in OpenAI's batch format is about one model; a target that names another asks that one instead. */
export const createChosenTargets = (targets: BatchDefinition['targets']): ChosenTargets => {
  const open = targets.findIndex(({ model }) => model === undefined);
  let chosen: string | null = null;
  let complete: readonly BatchTarget[] | null = null;
  return {
    choose: (lineModel, place) => {
      if (open === -1) return null;
      if (lineModel === null) {
        return { pointer: `/targets/${open}/model`, message: 'is needed: the questions name no model' };
      }
      if (chosen !== null && chosen !== lineModel) {
        return { pointer: `${place}/body/model`, message: 'differs from the model of the lines before' };
      }
      chosen = lineModel;
      return null;
    },
    all: () => {
      complete ??= targets.map((target) => ({ ...target, model: target.model ?? chosen ?? '' }));
      return complete;
    },
  };
};
