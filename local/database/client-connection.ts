import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { StatementBook } from './prepared-statements.ts';
import {
  cString,
  errorResponse,
  type Frame,
  FrameReader,
  int32,
  message,
  ProtocolViolation,
  readyForQuery,
  requestCode,
} from './wire-protocol.ts';

/** What the backend executes in one go: messages up to and with the one that asks for an answer. */
export type Batch = { frames: Frame[]; kind: 'query' | 'sync' | 'flush' | 'copy' | 'end' };

export type ClientConnectionOptions = {
  socket: Socket;
  /** Name of the backend process and secret in BackendKeyData. */
  processId: number;
  /** What a client is told at its start: ParameterStatus messages of the real backend. */
  startupMessages: Buffer;
  /** null: anybody who reaches the port is let in. */
  password: string | null;
  statements: StatementBook;
  /** A client whose unread answers exceed this gets no further statement executed until it reads. */
  maxUnsentBytes: number;
  maxMessageBytes: number;
  onBatch: () => void;
  onEnd: (connection: ClientConnection) => void;
};

const copyFromStdin = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*copy\b[\s\S]*\bfrom\s+stdin\b/i;

/** One client: its handshake, its stream cut into batches, and what it has not read yet. */
export class ClientConnection {
  readonly statements: StatementBook;
  readonly batches: Batch[] = [];
  readonly #options: ClientConnectionOptions;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #phase: 'startup' | 'password' | 'ready' | 'ended' = 'startup';
  #pending: Frame[] = [];
  #copyIn = false;
  #pendingBytes = 0;

  constructor(options: ClientConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.statements = options.statements;
    this.#reader = new FrameReader(options.maxMessageBytes);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('drain', options.onBatch);
    // A reset connection is an ordinary end; 'close' follows and does the work.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#phase = 'ended';
      options.onEnd(this);
    });
  }

  get ended(): boolean {
    return this.#phase === 'ended';
  }

  /** Whether a batch waits and the client has read enough of the earlier answers. */
  get ready(): boolean {
    return (
      !this.ended && this.batches.length > 0 && this.#socket.writableLength <= this.#options.maxUnsentBytes
    );
  }

  takeBatch(): Batch | undefined {
    const batch = this.batches.shift();
    for (const frame of batch?.frames ?? []) this.#pendingBytes -= frame.bytes.length;
    if (this.#socket.isPaused() && this.#pendingBytes <= this.#options.maxUnsentBytes) this.#socket.resume();
    return batch;
  }

  write(bytes: Uint8Array): void {
    if (!this.ended) this.#socket.write(bytes);
  }

  /** Runs `work`, whose writes leave in one piece. */
  async corked(work: () => Promise<void>): Promise<void> {
    this.#socket.cork();
    try {
      await work();
    } finally {
      this.#socket.uncork();
    }
  }

  /** Says why, and ends the connection. */
  fail(sqlState: string, text: string): void {
    if (this.ended) return;
    this.#phase = 'ended';
    this.batches.length = 0;
    this.#socket.end(errorResponse('FATAL', sqlState, text));
    // A client that never reads must not hold the socket for ever.
    setTimeout(() => this.#socket.destroy(), 500).unref();
  }

  /** Ends the connection after what has been written. */
  end(): void {
    this.#phase = 'ended';
    this.#socket.end();
  }

  #receive(chunk: Buffer): void {
    if (this.ended) return;
    this.#reader.push(chunk);
    try {
      while (!this.ended && this.#step());
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.fail('08P01', error.message);
    }
    if (this.#pendingBytes > this.#options.maxUnsentBytes && this.batches.length > 0) this.#socket.pause();
  }

  /** Takes one message off the stream. @returns false when none is complete. */
  #step(): boolean {
    if (this.#phase === 'startup') {
      const packet = this.#reader.nextPacket();
      if (packet !== null) this.#startup(packet);
      return packet !== null;
    }
    const frame = this.#reader.nextFrame();
    if (frame === null) return false;
    if (this.#phase === 'password') this.#checkPassword(frame);
    else this.#collect(frame);
    return true;
  }

  #startup(packet: Buffer): void {
    const code = packet.length >= 8 ? packet.readInt32BE(4) : 0;
    if (code === requestCode.ssl || code === requestCode.gss) {
      this.#socket.write('N');
    } else if (code === requestCode.cancel) {
      // The backend runs to the end of a statement without looking up: there is nothing to cancel it with.
      this.end();
    } else if (code >>> 16 !== 3) {
      this.fail('0A000', `unsupported frontend protocol ${code >>> 16}.${code & 0xffff}`);
    } else {
      if ((code & 0xffff) > 0) this.#socket.write(message('v', int32(0), int32(0)));
      if (this.#options.password === null) this.#welcome();
      else {
        this.#phase = 'password';
        this.#socket.write(message('R', int32(3)));
      }
    }
  }

  #checkPassword(frame: Frame): void {
    const expected = Buffer.from(this.#options.password ?? '');
    const given = frame.type === 'p' ? Buffer.from(cString(frame.bytes, 5).text) : Buffer.alloc(0);
    if (given.length === expected.length && timingSafeEqual(given, expected)) this.#welcome();
    else this.fail('28P01', 'password authentication failed');
  }

  #welcome(): void {
    this.#phase = 'ready';
    const keyData = message('K', int32(this.#options.processId), int32(0));
    this.#socket.write(
      Buffer.concat([message('R', int32(0)), this.#options.startupMessages, keyData, readyForQuery('I')]),
    );
  }

  #collect(frame: Frame): void {
    // The good-bye waits its turn: what was sent before it is still executed.
    if (frame.type === 'X') {
      this.#finish('end');
      return;
    }
    // Inside COPY data a Sync or Flush means nothing (PostgreSQL ignores it there, too).
    if (this.#copyIn && (frame.type === 'S' || frame.type === 'H')) return;
    this.#pending.push(frame);
    this.#pendingBytes += frame.bytes.length;
    if (this.#pendingBytes > this.#options.maxMessageBytes) {
      throw new ProtocolViolation(`more than ${this.#options.maxMessageBytes} bytes sent at once`);
    }
    if (this.#copyIn) {
      if (frame.type === 'c' || frame.type === 'f') {
        this.#copyIn = false;
        this.#finish('copy');
      }
    } else if (frame.type === 'Q' && copyFromStdin.test(frame.bytes.toString('utf8', 5))) {
      // The backend cannot wait for a client in the middle of a statement, so the data is collected first
      // and the invitation to send it is ours: text format, no columns stated (clients use neither).
      this.#copyIn = true;
      this.#socket.write(message('G', Buffer.from([0, 0, 0])));
    } else if (frame.type === 'Q' || frame.type === 'F') this.#finish('query');
    else if (frame.type === 'S') this.#finish('sync');
    else if (frame.type === 'H') this.#finish('flush');
  }

  #finish(kind: Batch['kind']): void {
    this.batches.push({ frames: this.#pending, kind });
    this.#pending = [];
    this.#options.onBatch();
  }
}
