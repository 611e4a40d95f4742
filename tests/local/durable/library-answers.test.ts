import { describe, expect, it } from '@jest/globals';
import { loadDurableApp } from '../../support/durable-app.ts';
import { type Episode, readTrace, traceNames } from '../../support/durable-traces.ts';

/** Orchestrators that answer differently each time on purpose, and those that were killed before they answered. */
const notComparable = ({ functionName, output }: Episode): boolean =>
  functionName.startsWith('s19') ||
  functionName.startsWith('s23busy') ||
  (!output?.actions && !output?.thrown);

let compared = 0;

/** Payloads are shortened in 20b. */
describe.each(traceNames.filter((name) => !name.startsWith('20b')))('the library in recording %s', (name) => {
  const trace = readTrace(name);

  it('answers the recorded histories as it did behind the real extension', async () => {
    const app = loadDurableApp(trace.appCode);
    for (const episode of trace.episodes) {
      if (notComparable(episode) || !app.functions.has(episode.functionName)) continue;
      const { metadata } = app.functions.get(episode.functionName) ?? {};
      const bindingName = Object.keys(metadata?.bindings ?? {})[0] ?? '';
      const data = { string: JSON.stringify(episode.input) };
      const answer = await app.invoke(episode.functionName, [{ name: bindingName, data }], {}).then(
        ({ returnValue }) => JSON.parse(returnValue?.json ?? 'null'),
        (error: Error) => ({ message: error.message }),
      );
      compared++;
      if (episode.output.thrown) expect(answer.message).toBe(episode.output.thrown.message);
      else expect(answer).toEqual(episode.output);
    }
  });
});

it('compares all episodes but a few', () => {
  expect(compared).toBeGreaterThan(500);
});
