// A provider of constant latency as a process of its own: bare node:http, so that it is no bottleneck. Sends its address.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const latencyMs = Number(process.argv[2] ?? 50);

const answer = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'bench-model-2026-01-01',
  choices: [
    {
      index: 0,
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'The capital of France is Paris. '.repeat(10), refusal: null },
    },
  ],
  usage: { prompt_tokens: 20, completion_tokens: 80, total_tokens: 100 },
});
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) };

/** Below these paths it misbehaves. */
const creditPath = '/credit/';
const silentPath = '/silent/';
const noCredit = JSON.stringify({ error: { message: 'insufficient credit' } });

const server = createServer(async (request, response) => {
  request.resume();
  if (request.url?.startsWith(silentPath)) return;
  if (request.url?.startsWith(creditPath)) {
    response.writeHead(402, { 'content-type': 'application/json' }).end(noCredit);
    return;
  }
  await sleep(latencyMs);
  response.writeHead(200, headers).end(answer);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on('disconnect', () => process.exit(0));
