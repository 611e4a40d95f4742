import { describe, expect, it } from '@jest/globals';
import { readInferenceEvents } from '../../web/api/inference-stream.ts';
import { exampleInference, knownId } from '../support/fake-services.ts';

const problem = {
  type: 'urn:study-query-llm:problem:timeout',
  title: 'The answer did not come in time',
  status: 504,
  detail: 'No answer within a second.',
  code: 'timeout',
  requestId: 'r',
  retryable: true,
  errors: [],
};
const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
/** A body that arrives in pieces of a few bytes: within an event, and within a character. */
const inPieces = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.slice(at, at + 7));
      controller.close();
    },
  });
};
const read = async (text: string) => {
  const heard: string[] = [];
  const run = await readInferenceEvents(inPieces(text), {
    onStart: (id) => heard.push(`start ${id}`),
    onText: (piece) => heard.push(piece),
  }).catch((error: Error) => error.message);
  return { heard, run };
};
const begin = event('start', { inferenceId: knownId, provider: 'echo', model: 'echo-1' });

describe('a streamed answer', () => {
  it('comes piece by piece, and its record last', async () => {
    const { heard, run } = await read(
      `${begin}: still here\n\n${event('delta', { text: 'Grüß' })}${event('delta', { text: ' dich' })}${event('end', exampleInference)}`,
    );
    expect(heard).toEqual([`start ${knownId}`, 'Grüß', ' dich']);
    expect(run).toMatchObject({ id: knownId, outcome: 'ok' });
  });

  it('that failed and is recorded is its record', async () => {
    const failed = { ...exampleInference, outcome: 'timeout', text: null };
    const { run } = await read(begin + event('error', problem) + event('end', failed));
    expect(run).toMatchObject({ outcome: 'timeout' });
  });

  it('that has no record says why', async () => {
    expect((await read(begin + event('error', problem))).run).toBe('No answer within a second.');
    expect((await read(begin)).run).toContain('ended before the answer did');
  });
});
