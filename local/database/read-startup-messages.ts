import { int32, simpleQuery } from './wire-protocol.ts';

const parameterStatus = 'S'.charCodeAt(0);

/** What the real backend reports at a start; every client is told the same. */
export async function readStartupMessages(
  capture: (bytes: Uint8Array) => Promise<Buffer[]>,
): Promise<Buffer> {
  const payload = Buffer.from('user\0postgres\0database\0postgres\0client_encoding\0UTF8\0\0');
  const packet = Buffer.concat([int32(payload.length + 8), int32(196608), payload]);
  const messages = await capture(packet);
  await capture(simpleQuery('SELECT 1'));
  return Buffer.concat(messages.filter((answer) => answer[0] === parameterStatus));
}
