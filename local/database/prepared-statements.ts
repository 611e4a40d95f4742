import { cString, type Frame, message } from './wire-protocol.ts';

/** State of the one backend that all clients' books look at. */
export type BackendStatements = {
  /** Raised whenever somebody may have wiped the backend's statements (`DISCARD ALL`, `DEALLOCATE`). */
  epoch: number;
  /** Whose unnamed statement the backend holds now. */
  unnamedOwner: StatementBook | null;
  nextId: number;
};

type Statement = { backendName: string; parse: Buffer; epoch: number };

/** One piece of work for the backend; of a `hidden` one the client must not see ParseComplete and CloseComplete. */
export type Step = { bytes: Buffer; hidden: boolean };

/**
 * Prepared statements of one client on a backend that many share. Names are translated, so two clients may use the same one, and a
 * statement that another client has replaced (the unnamed one) or wiped is parsed again, unseen, before it is used.
 */
export class StatementBook {
  readonly #backend: BackendStatements;
  readonly #statements = new Map<string, Statement>();

  constructor(backend: BackendStatements) {
    this.#backend = backend;
  }

  /** What to execute for these messages, in order. */
  translate(frames: readonly Frame[]): Step[] {
    const steps: Step[] = [];
    let visible: Buffer[] = [];
    const flush = () => {
      if (visible.length > 0) steps.push({ bytes: Buffer.concat(visible), hidden: false });
      visible = [];
    };
    for (const frame of frames) {
      const missing = this.#missing(frame);
      if (missing !== null) {
        flush();
        steps.push({ bytes: missing, hidden: true });
      }
      visible.push(this.#translated(frame));
      // Should this start a COPY FROM STDIN, the backend would wait for data that cannot come, and exit. Elsewhere CopyFail is ignored.
      if (frame.type === 'E' || frame.type === 'Q') visible.push(copyGuard);
    }
    flush();
    return steps;
  }

  /** Messages that remove this client's statements from the backend. */
  closeAll(): Buffer {
    const closes = [...this.#statements.values()]
      .filter(({ backendName, epoch }) => backendName !== '' && epoch === this.#backend.epoch)
      .map(({ backendName }) => message('C', `S${backendName}\0`));
    this.#statements.clear();
    if (this.#backend.unnamedOwner === this) this.#backend.unnamedOwner = null;
    return Buffer.concat(closes);
  }

  #translated(frame: Frame): Buffer {
    const { type, bytes } = frame;
    if (type === 'Q') {
      if (wipesStatements.test(bytes.toString('utf8', 5))) this.#backend.epoch++;
      this.#backend.unnamedOwner = null;
      return bytes;
    }
    if (type === 'P') return this.#parsed(bytes);
    if (type === 'B') {
      const portal = cString(bytes, 5);
      const name = cString(bytes, portal.end);
      return message(
        'B',
        bytes.subarray(5, portal.end),
        `${this.#backendName(name.text)}\0`,
        bytes.subarray(name.end),
      );
    }
    if ((type === 'D' || type === 'C') && bytes[5] === statementLetter) {
      const { text } = cString(bytes, 6);
      const translated = message(type, `S${this.#backendName(text)}\0`);
      if (type === 'C') this.#statements.delete(text);
      return translated;
    }
    return bytes;
  }

  #parsed(bytes: Buffer): Buffer {
    const name = cString(bytes, 5);
    if (wipesStatements.test(cString(bytes, name.end).text)) this.#backend.epoch++;
    const known = this.#statements.get(name.text)?.backendName;
    const backendName = name.text === '' ? '' : (known ?? `s${this.#backend.nextId++}`);
    const parse = message('P', `${backendName}\0`, bytes.subarray(name.end));
    this.#statements.set(name.text, { backendName, parse, epoch: this.#backend.epoch });
    if (backendName === '') this.#backend.unnamedOwner = this;
    return parse;
  }

  #backendName(name: string): string {
    return this.#statements.get(name)?.backendName ?? name;
  }

  /** The messages that bring back a statement this one needs and the backend has lost; null when nothing is missing. */
  #missing({ type, bytes }: Frame): Buffer | null {
    const usesStatement = type === 'B' || (type === 'D' && bytes[5] === statementLetter);
    if (!usesStatement) return null;
    const { text } = cString(bytes, type === 'B' ? cString(bytes, 5).end : 6);
    const statement = this.#statements.get(text);
    if (statement === undefined) return null;
    const present =
      statement.epoch === this.#backend.epoch && (text !== '' || this.#backend.unnamedOwner === this);
    if (present) return null;
    statement.epoch = this.#backend.epoch;
    if (text === '') this.#backend.unnamedOwner = this;
    return Buffer.concat([message('C', `S${statement.backendName}\0`), statement.parse]);
  }
}

const statementLetter = 'S'.charCodeAt(0);
const wipesStatements = /\b(?:discard|deallocate)\b/i;
const copyGuard = message('f', 'COPY FROM STDIN works here as a simple query of its own only\0');
