import { createServer, type Server } from 'node:net';
import { type Batch, ClientConnection } from './client-connection.ts';
import { type BackendStatements, StatementBook, type Step } from './prepared-statements.ts';
import { readStartupMessages } from './read-startup-messages.ts';
import { errorResponse, message, simpleQuery, splitMessages, sync } from './wire-protocol.ts';

/** The part of PGlite that is used. It is single-threaded: a call returns when the statement is done. */
export type ProtocolBackend = {
  execProtocolRawStream(
    bytes: Uint8Array,
    options: { onRawData: (bytes: Uint8Array) => void },
  ): Promise<void>;
  isInTransaction(): boolean;
};

export type MultiplexerOptions = {
  /** Asked of every client; null lets everybody in who reaches the port. */
  password?: string | null;
  maxConnections?: number;
  /** A transaction whose client sends nothing for so long is rolled back: it keeps all others waiting. */
  transactionIdleTimeoutMs?: number;
  /** Above so many unread bytes of answers a client's next statement waits. */
  maxUnsentBytes?: number;
  maxMessageBytes?: number;
  /** Called when the backend itself has failed and must not be used any more. */
  onBackendFailure?: (error: unknown) => void;
};

export type Multiplexer = {
  /** Listens on 127.0.0.1. @returns the port. */
  listen(port: number): Promise<number>;
  /** Ends all clients (57P01), rolls an open transaction back and closes the port. */
  stop(): Promise<void>;
  /** Runs `work` while no client owns the backend. `execute` runs one simple query, whose answer is dropped. */
  exclusively<Result>(work: (execute: (sql: string) => Promise<void>) => Promise<Result>): Promise<Result>;
};

/**
 * Lets many clients share PGlite's one backend, by transaction: a client owns the backend from the start of a batch of its messages until
 * the backend stands outside a transaction again; then the next one in line has its turn. What belongs to a session on PostgreSQL (SET,
 * temporary tables, advisory locks of a session, LISTEN) is shared by all clients here.
 */
export async function createPgliteMultiplexer(
  backend: ProtocolBackend,
  options: MultiplexerOptions = {},
): Promise<Multiplexer> {
  const maxConnections = options.maxConnections ?? 100;
  const transactionIdleTimeoutMs = options.transactionIdleTimeoutMs ?? 60_000;
  const onBackendFailure = options.onBackendFailure ?? ((error) => console.error(error));
  const shared: BackendStatements = { epoch: 0, unnamedOwner: null, nextId: 1 };
  const clients = new Set<ClientConnection>();
  /** Clients with work, in the order in which it came. */
  let waiting: ClientConnection[] = [];
  let owner: ClientConnection | null = null;
  /** Work of our own for the backend, done when nobody owns it. */
  const chores: (() => Promise<void>)[] = [];
  /** The owner's last batch ended in a Flush: the rest of its extended query is still to come. */
  let midQuery = false;
  let working: Promise<void> | null = null;
  let idleTimer: NodeJS.Timeout | undefined;
  let failed = false;

  const execute = (bytes: Uint8Array, onRawData: (bytes: Uint8Array) => void) =>
    backend.execProtocolRawStream(bytes, { onRawData });
  const capture = async (bytes: Uint8Array): Promise<Buffer[]> => {
    const chunks: Buffer[] = [];
    await execute(bytes, (chunk) => chunks.push(Buffer.from(chunk)));
    return splitMessages(Buffer.concat(chunks));
  };

  const startupMessages = await readStartupMessages(capture);

  async function runStep(client: ClientConnection, step: Step): Promise<void> {
    // The chunk is a view into the backend's memory: it must be copied before the backend goes on.
    if (!step.hidden) return execute(step.bytes, (chunk) => client.write(Buffer.from(chunk)));
    for (const answer of await capture(step.bytes)) {
      if (answer[0] !== letter.parseComplete && answer[0] !== letter.closeComplete) client.write(answer);
    }
  }

  async function runBatch(client: ClientConnection, batch: Batch): Promise<void> {
    if (batch.kind === 'end') return client.end();
    if (batch.kind === 'copy') {
      shared.unnamedOwner = null;
      const answers = await capture(Buffer.concat(batch.frames.map(({ bytes }) => bytes)));
      // The client has had its invitation to send data already.
      for (const answer of answers) if (answer[0] !== letter.copyInResponse) client.write(answer);
    } else {
      await client.corked(async () => {
        for (const step of client.statements.translate(batch.frames)) await runStep(client, step);
      });
    }
    midQuery = batch.kind === 'flush';
  }

  /** Undoes what a client has left open: an unfinished extended query (which a plain Sync would commit), a transaction. */
  async function abandonTransaction(): Promise<void> {
    if (midQuery) await capture(Buffer.concat([message('P', '\0client left\0', Buffer.alloc(2)), sync()]));
    midQuery = false;
    shared.unnamedOwner = null;
    if (backend.isInTransaction()) await capture(simpleQuery('ROLLBACK'));
  }

  async function work(): Promise<void> {
    for (;;) {
      if (owner?.ended) {
        await abandonTransaction();
        owner = null;
      }
      for (let chore = nextChore(); chore !== undefined; chore = nextChore()) await chore();
      const client: ClientConnection | null = owner ?? takeNext();
      const batch = client?.ready ? client.takeBatch() : undefined;
      if (client === null || batch === undefined) break;
      clearTimeout(idleTimer);
      owner = client;
      await runBatch(client, batch);
      if (!midQuery && !backend.isInTransaction()) {
        owner = null;
        enqueue(client);
      }
      // Sockets get their turn between two batches: new work comes in, answers leave.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (owner !== null) armIdleTimer(owner);
  }

  function nextChore(): (() => Promise<void>) | undefined {
    return owner === null ? chores.shift() : undefined;
  }

  function takeNext(): ClientConnection | null {
    const index = waiting.findIndex((client) => client.ready);
    return index < 0 ? null : (waiting.splice(index, 1)[0] ?? null);
  }

  function enqueue(client: ClientConnection): void {
    if (client.batches.length > 0 && client !== owner && !waiting.includes(client)) waiting.push(client);
  }

  function wake(): void {
    if (working !== null || failed) return;
    working = work()
      .catch((error: unknown) => {
        failed = true;
        for (const client of clients) client.fail('57P02', 'the database process has failed');
        onBackendFailure(error);
      })
      .finally(() => {
        working = null;
        // Work may have come in between the last look and here.
        if (
          owner === null
            ? chores.length > 0 || waiting.some(({ ready }) => ready)
            : owner.ended || owner.ready
        )
          wake();
      });
  }

  function armIdleTimer(client: ClientConnection): void {
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => {
      client.fail('25P03', 'terminating connection due to idle-in-transaction timeout');
      wake();
    }, transactionIdleTimeoutMs);
    idleTimer.unref();
  }

  /** Frees what an ended client has left on the backend. */
  async function forget(client: ClientConnection): Promise<void> {
    const closes = client.statements.closeAll();
    if (closes.length > 0) await capture(Buffer.concat([closes, sync()]));
    // Settings and temporary tables outlive their client; the last one to leave takes them along.
    if (clients.size === 0) {
      shared.epoch++;
      await capture(simpleQuery('DISCARD ALL'));
    }
  }

  function onEnd(client: ClientConnection): void {
    clients.delete(client);
    waiting = waiting.filter((other) => other !== client);
    chores.push(() => forget(client));
    wake();
  }

  let connectionCount = 0;
  const server = createServer((socket) => {
    if (clients.size >= maxConnections) {
      socket.on('error', () => {});
      socket.end(errorResponse('FATAL', '53300', 'sorry, too many clients already'));
      return;
    }
    const client: ClientConnection = new ClientConnection({
      socket,
      processId: ++connectionCount,
      startupMessages,
      password: options.password ?? null,
      statements: new StatementBook(shared),
      maxUnsentBytes: options.maxUnsentBytes ?? 16 * 2 ** 20,
      maxMessageBytes: options.maxMessageBytes ?? 256 * 2 ** 20,
      onBatch: () => {
        enqueue(client);
        wake();
      },
      onEnd,
    });
    clients.add(client);
  });

  return {
    listen: (port) => listen(server, port),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const client of clients)
        client.fail('57P01', 'terminating connection due to administrator command');
      wake();
      while (working !== null) await working;
      clearTimeout(idleTimer);
      await closed;
      wake();
      while (working !== null) await working;
    },
    exclusively: (task) =>
      new Promise((resolve, reject) => {
        const run = async (sql: string) => void (await capture(simpleQuery(sql)));
        chores.push(() => task(run).then(resolve, reject));
        wake();
      }),
  };
}

const letter = {
  closeComplete: '3'.charCodeAt(0),
  copyInResponse: 'G'.charCodeAt(0),
  parseComplete: '1'.charCodeAt(0),
};

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}
