import type { CompletionRequest, FinishReason } from './provider.ts';
import type { SeededRandom } from './seeded-random.ts';

const vocabulary = (
  'the answer depends on what one asks and how one counts so a careful reader compares several models on the same ' +
  'questions before any claim is made because a single reply proves little while many replies show a pattern that holds'
).split(' ');

/** Words with the white space before them: echo's idea of a token. (`/\s*\S+/g` would try each blank of a long run anew.) */
export const splitWords = (text: string): string[] => {
  const words: string[] = [];
  let start = 0;
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    const end = index + word.length;
    words.push(text.slice(start, end));
    start = end;
  }
  return words;
};

const cutAtStop = (text: string, stop: readonly string[]): string => {
  const cuts = stop.map((sequence) => text.indexOf(sequence)).filter((at) => at >= 0);
  return cuts.length === 0 ? text : text.slice(0, Math.min(...cuts));
};

/**
 * What echo says: the question again, then filler words up to `outputTokens`; cut at a stop sequence and at
 * `maxOutputTokens`, as a model would be.
 */
export const composeEcho = (
  request: CompletionRequest,
  outputTokens: number,
  random: SeededRandom,
): { text: string; finishReason: FinishReason; outputTokens: number } => {
  const { maxOutputTokens, stop = [], responseFormat } = request.parameters;
  const question = request.messages.findLast(({ role }) => role === 'user')?.content ?? '';
  const words = splitWords(`Echo: ${question.trim()}`).slice(0, outputTokens);
  while (words.length < outputTokens) {
    words.push(` ${vocabulary[Math.floor(random() * vocabulary.length)] ?? 'and'}`);
  }
  const said = words.join('');
  const whole = cutAtStop(
    responseFormat?.type === 'json_object' ? JSON.stringify({ answer: said }) : said,
    stop,
  );
  const tokens = splitWords(whole);
  const kept = tokens.slice(0, maxOutputTokens);
  return {
    text: kept.join(''),
    finishReason: kept.length < tokens.length ? 'length' : 'stop',
    outputTokens: kept.length,
  };
};
