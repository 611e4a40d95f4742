// The inference service behind a bare node:http server, as a process of its own: the product without Functions, HTTP
// layer and access. Configured by the environment, as everywhere.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { loadConfig } from '../src/config/config.ts';
import { CreateInference } from '../src/contract/inference.ts';
import { createServices } from '../src/services.ts';
import { createLogger } from '../src/telemetry/create-logger.ts';

const config = loadConfig();
const services = createServices(config, {
  logger: createLogger({ level: config.logLevel }),
  conductor: {
    start: async () => undefined,
    startExport: async () => undefined,
    startEmbedding: async () => undefined,
    state: async () => 'missing',
  },
});

const server = createServer(async (request, response) => {
  try {
    const body = CreateInference.parse(JSON.parse(await text(request)));
    const { inference } = await services.inferenceService.run(body, { requestId: null, apiKeyId: null });
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(inference));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});

process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void services.close().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
