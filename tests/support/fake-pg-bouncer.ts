import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Client } from 'pg';
import {
  cString,
  errorResponse,
  FrameReader,
  int32,
  message,
  readyForQuery,
  requestCode,
} from '../../local/database/wire-protocol.ts';

export type Login = { parameters: Record<string, string>; password: string };

/** What PgBouncer takes at the start of a connection; everything else it refuses unless told to ignore it. */
const known = ['user', 'database', 'client_encoding', 'datestyle', 'timezone', 'application_name'];

const parametersOf = (packet: Buffer): Record<string, string> => {
  const parameters: Record<string, string> = {};
  for (let at = 8; packet[at] !== 0; ) {
    const name = cString(packet, at);
    const value = cString(packet, name.end);
    parameters[name.text] = value.text;
    at = value.end;
  }
  return parameters;
};

/** A signed-in connection to the real database, with nobody reading its answers any more. */
const openBehind = async (url: string): Promise<Socket> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners('data');
  return stream;
};

/**
 * The door of a database in Azure, over the real protocol: asks for the password as it is, as Entra tokens are sent, refuses
 * what PgBouncer refuses, and passes everything behind the login to a real database.
 */
export const startFakePgBouncer = async (
  behindUrl: string,
  { isGood = () => true, pooler = true }: { isGood?: (login: Login) => boolean; pooler?: boolean } = {},
) => {
  const logins: Login[] = [];
  const sockets = new Set<Socket>();

  const handle = async (socket: Socket, reader: FrameReader, parameters: Record<string, string>) => {
    const foreign = Object.keys(parameters).find((name) => !known.includes(name.toLowerCase()));
    if (pooler && foreign !== undefined) {
      socket.end(errorResponse('FATAL', '08P01', `unsupported startup parameter: ${foreign}`));
      return;
    }
    socket.write(message('R', int32(3)));
    const password = await new Promise<string>((resolve) => {
      const onData = (chunk: Buffer) => {
        reader.push(chunk);
        const frame = reader.nextFrame();
        if (frame === null) return;
        socket.removeListener('data', onData);
        // The client may have lost its patience.
        if (frame.type !== 'p') return void socket.end();
        resolve(cString(frame.bytes, 5).text);
      };
      socket.on('data', onData);
    });
    const login = { parameters, password };
    logins.push(login);
    if (!isGood(login)) {
      socket.end(
        errorResponse('FATAL', '28P01', `password authentication failed for user "${parameters.user}"`),
      );
      return;
    }
    const behind = await openBehind(behindUrl);
    sockets.add(behind);
    socket.write(Buffer.concat([message('R', int32(0)), readyForQuery('I')]));
    socket.pipe(behind).pipe(socket);
    behind.on('error', () => socket.destroy());
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const reader = new FrameReader(100_000);
    const onData = (chunk: Buffer) => {
      reader.push(chunk);
      const packet = reader.nextPacket();
      if (packet === null) return;
      if (packet.readInt32BE(4) === requestCode.ssl) return void socket.write('N');
      socket.removeListener('data', onData);
      handle(socket, reader, parametersOf(packet)).catch(() => socket.destroy());
    };
    socket.on('data', onData);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    /** Without a password. */
    url: `postgres://id-study@127.0.0.1:${(server.address() as AddressInfo).port}/study`,
    logins,
    /** Cuts every connection, as a restart does. */
    cut: () => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
