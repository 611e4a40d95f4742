// The host as a process of its own: `node local/host/host-process.ts --app DIR [--port N] [--durable FILE]
// [--strict-durable | --no-strict-durable]`. Started with an IPC channel it talks by messages; otherwise it prints one
// JSON line when it is ready. SIGTERM and SIGINT end it in good order.
import { parseArgs } from 'node:util';
import type { HostMessage, HostRequest } from './host-messages.ts';
import { describeError } from './host-report.ts';
import { type Host, startHost } from './start-host.ts';

const { values } = parseArgs({
  allowNegative: true,
  options: {
    app: { type: 'string' },
    port: { type: 'string' },
    durable: { type: 'string' },
    'strict-durable': { type: 'boolean' },
  },
});
const strictDurable = values['strict-durable'];
const send = (message: HostMessage): void => {
  if (process.connected) process.send?.(message);
};

let host: Host | null = null;
const end = async (): Promise<void> => {
  await host?.stop();
  process.exit(0);
};

process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());
// Whoever started this process has died, and the embedded database with it: calls under way have nothing to end with, and the next
// start must find the files free.
process.on('disconnect', () => process.exit(1));
process.on('message', (request: HostRequest) => {
  if (request.type === 'stop') void end();
  else send({ type: 'warnings', warnings: host?.warnings ?? [] });
});

try {
  host = await startHost({
    appDir: values.app ?? '.',
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
    ...(values.durable === undefined ? {} : { durableFile: values.durable }),
    ...(strictDurable === undefined ? {} : { strictDurable }),
    log: (line) => {
      process.stderr.write(`${line}\n`);
      if (line.startsWith('WARNING: ')) send({ type: 'warning', text: line.slice('WARNING: '.length) });
    },
  });
  const { url, port, functions } = host;
  send({ type: 'ready', url, port, functions });
  if (!process.connected) process.stdout.write(`${JSON.stringify({ url, port, functions })}\n`);
} catch (error) {
  const message: HostMessage = { type: 'failed', message: describeError(error) };
  // Whoever listens on the channel says it; a second time in the log would only be noise.
  if (process.send !== undefined) process.send(message, () => process.exit(1));
  else {
    process.stderr.write(`${message.message}\n`);
    process.exit(1);
  }
}
