import type { BatchItemInput } from '../../contract/batch-item.ts';
import { canonicalJson, sha256Hex } from '../canonical-json.ts';
import type { GivenQuestion, QuestionFile } from '../uploads/question-file.ts';

/** Questions that stand in a request, `/items/0` and on. Nothing is kept outside of memory. */
export const inlineQuestions = (items: readonly BatchItemInput[]): QuestionFile => ({
  sha256: sha256Hex(canonicalJson(items)),
  async *questions() {
    for (const [index, item] of items.entries()) {
      yield { place: `/items/${index}`, item, model: null } satisfies GivenQuestion;
    }
  },
  dispose: async () => {},
});
