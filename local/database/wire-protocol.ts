/** PostgreSQL frontend/backend protocol 3.0, as far as a multiplexer has to read it (PostgreSQL manual, chapter 54). */

export const requestCode = { cancel: 80877102, ssl: 80877103, gss: 80877104 } as const;

/** One message of a client: its type letter and all its bytes, header included. */
export type Frame = { type: string; bytes: Buffer };

/** A message that cannot be read any further: the connection has to end. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

/** Cuts a byte stream into protocol messages. Joins chunks once per message, so a large message costs no repeated copying. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;
  readonly #maxFrameBytes: number;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** The next untyped packet (startup, SSL, GSS, cancel); null while it is incomplete. @throws {ProtocolViolation} */
  nextPacket(): Buffer | null {
    // A startup packet is small; PostgreSQL itself refuses more than 10,000 bytes.
    return this.#take(0, 10_000);
  }

  /** The next typed message; null while it is incomplete. @throws {ProtocolViolation} */
  nextFrame(): Frame | null {
    const bytes = this.#take(1, this.#maxFrameBytes);
    return bytes === null ? null : { type: String.fromCharCode(bytes[0] ?? 0), bytes };
  }

  #take(lengthOffset: 0 | 1, maxBytes: number): Buffer | null {
    const head = this.#joined(lengthOffset + 4);
    if (head === null) return null;
    const length = head.readInt32BE(lengthOffset);
    if (length < 4 || length > maxBytes) throw new ProtocolViolation(`invalid message length ${length}`);
    const end = lengthOffset + length;
    const buffer = this.#joined(end);
    if (buffer === null) return null;
    const rest = buffer.subarray(end);
    this.#chunks[0] = rest;
    if (rest.length === 0) this.#chunks.shift();
    this.#size -= end;
    return buffer.subarray(0, end);
  }

  /** A first chunk of at least `count` bytes; null when so many have not arrived. */
  #joined(count: number): Buffer | null {
    if (this.#size < count) return null;
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= count) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

/** A typed message from its type letter and payload parts. */
export function message(type: string, ...parts: readonly (Buffer | string)[]): Buffer {
  const payload = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(
    payload.reduce((sum, part) => sum + part.length, 4),
    1,
  );
  return Buffer.concat([head, ...payload]);
}

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** ErrorResponse with a SQLSTATE. */
export const errorResponse = (severity: 'ERROR' | 'FATAL', sqlState: string, text: string): Buffer =>
  message('E', `S${severity}\0V${severity}\0C${sqlState}\0M${text}\0\0`);

export const readyForQuery = (status: 'I' | 'T' | 'E'): Buffer => message('Z', status);
export const simpleQuery = (sql: string): Buffer => message('Q', `${sql}\0`);
export const sync = (): Buffer => message('S');

/** Reads the zero-terminated string at `start`; `end` is the position after its terminator. */
export function cString(bytes: Buffer, start: number): { text: string; end: number } {
  const zero = bytes.indexOf(0, start);
  if (zero < 0) throw new ProtocolViolation('unterminated string');
  return { text: bytes.toString('utf8', start, zero), end: zero + 1 };
}

/** All complete messages in what the backend sent. */
export function splitMessages(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    messages.push(bytes.subarray(at, end));
    at = end;
  }
  return messages;
}
