import { connect as connectSocket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Pool } from 'pg';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../../local/database/embedded-database.ts';
import { message } from '../../../local/database/wire-protocol.ts';

describe('many clients on one PGlite', () => {
  let database: EmbeddedDatabase;
  const clients: Client[] = [];
  const connect = async (options: { fresh?: boolean } = {}): Promise<Client> => {
    const client = new Client({
      connectionString: database.url,
      application_name: String(options.fresh ?? ''),
    });
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    database = await startEmbeddedDatabase({ dataDir: null, transactionIdleTimeoutMs: 400 });
  }, 90_000);
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
  });
  afterAll(() => database.stop());

  it('gives 16 clients their own rows, with transactions in between', async () => {
    const pool = new Pool({ connectionString: database.url, max: 16 });
    await pool.query('create table crowd (worker int, n int)');
    let wrong = 0;
    await Promise.all(
      Array.from({ length: 16 }, async (_, worker) => {
        for (let n = 0; n < 30; n++) {
          const { rows } = await pool.query('select $1::int as worker, $2::int as n, $3 as text', [
            worker,
            n,
            `${worker}/${n}`,
          ]);
          if (rows[0]?.worker !== worker || rows[0]?.n !== n || rows[0]?.text !== `${worker}/${n}`) wrong++;
          if (n % 5 > 0) continue;
          const client = await pool.connect();
          await client.query('begin');
          await client.query('insert into crowd values ($1, $2)', [worker, n]);
          const own = await client.query('select count(*)::int as count from crowd where worker = $1', [
            worker,
          ]);
          if (own.rows[0]?.count !== n / 5 + 1) wrong++;
          await client.query('commit');
          client.release();
        }
      }),
    );
    const { rows } = await pool.query('select count(*)::int as count from crowd');
    await pool.end();
    expect({ wrong, count: rows[0]?.count }).toEqual({ wrong: 0, count: 96 });
  });

  it('shows nobody the rows of an open transaction', async () => {
    const [writer, reader] = [await connect(), await connect()];
    await writer.query('create table isolation_test (n int)');
    await writer.query('begin');
    await writer.query('insert into isolation_test values (1)');
    const seen = reader.query('select n from isolation_test');
    await writer.query('rollback');
    expect((await seen).rows).toEqual([]);
  });

  it('rolls back what a client that died has left open', async () => {
    const [dying, other] = [await connect(), await connect()];
    await dying.query('create table death_test (n int)');
    await dying.query('begin');
    await dying.query('insert into death_test values (1)');
    const waiting = other.query('select n from death_test');
    endRudely(dying);
    expect((await waiting).rows).toEqual([]);
  });

  it('rolls back an unfinished extended query of a client that died', async () => {
    const [dying, other] = [await connect(), await connect()];
    await other.query('create table flush_test (n int)');
    const done = new Promise((resolve) => rawStream(dying).on('data', resolve));
    rawStream(dying).write(
      Buffer.concat([
        message('P', '\0insert into flush_test values (1)\0', Buffer.alloc(2)),
        message('B', Buffer.alloc(8)),
        message('E', Buffer.alloc(5)),
        message('H'),
      ]),
    );
    await done;
    endRudely(dying);
    expect((await other.query('select n from flush_test')).rows).toEqual([]);
  });

  it('ends a transaction whose client has fallen silent, and only that one', async () => {
    const [silent, other] = [await connect(), await connect()];
    const ended = new Promise<Error>((resolve) => silent.once('error', resolve));
    await silent.query('create table silence_test (n int)');
    await silent.query('begin; insert into silence_test values (1)');
    expect((await other.query('select n from silence_test')).rows).toEqual([]);
    expect(await ended).toMatchObject({ code: '25P03' });
  });

  it('keeps working for a client after its statement has failed, inside and outside a transaction', async () => {
    const [client, other] = [await connect(), await connect()];
    await expect(client.query('selec 1')).rejects.toMatchObject({ code: '42601' });
    await expect(client.query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
    await client.query('begin');
    await expect(client.query('select 1/$1::int', [0])).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' });
    const waiting = other.query('select 2 as n');
    await client.query('rollback');
    expect((await waiting).rows).toEqual([{ n: 2 }]);
    expect((await client.query('select $1::int as n', [3])).rows).toEqual([{ n: 3 }]);
  });

  it('keeps the prepared statements of two clients apart that use one name, and over DISCARD ALL', async () => {
    const [first, second] = [await connect(), await connect()];
    const ask = (client: Client, text: string) => client.query({ name: 'same', text, values: [1] });
    expect((await ask(first, 'select $1::int + 1 as n')).rows).toEqual([{ n: 2 }]);
    expect((await ask(second, `select 'second' || $1::text as n`)).rows).toEqual([{ n: 'second1' }]);
    expect((await ask(first, 'select $1::int + 1 as n')).rows).toEqual([{ n: 2 }]);
    await second.query('discard all');
    expect((await ask(first, 'select $1::int + 1 as n')).rows).toEqual([{ n: 2 }]);
    expect((await ask(second, `select 'second' || $1::text as n`)).rows).toEqual([{ n: 'second1' }]);
  });

  it('finds the unnamed statement of a client again after another one has replaced it', async () => {
    const [first, second] = [await connect(), await connect()];
    const answer = (client: Client, bytes: Buffer) =>
      new Promise<string>((resolve) => {
        let text = '';
        const stream = rawStream(client);
        const onData = (chunk: Buffer) => {
          text += chunk.toString('latin1');
          if (!text.endsWith('\u0005I')) return;
          stream.off('data', onData);
          resolve(text);
        };
        stream.on('data', onData);
        stream.write(bytes);
      });
    const sync = message('S');
    const parse = (sql: string) => Buffer.concat([message('P', `\0${sql}\0`, Buffer.alloc(2)), sync]);
    const run = Buffer.concat([message('B', Buffer.alloc(8)), message('E', Buffer.alloc(5)), sync]);
    await answer(first, parse(`select 'of the first'`));
    await answer(second, parse(`select 'of the second'`));
    expect(await answer(first, run)).toContain('of the first');
    expect(await answer(second, run)).toContain('of the second');
  });

  it('takes COPY FROM STDIN, and refuses it where the backend would have to wait for data', async () => {
    const client = await connect();
    await client.query('create table copy_test (n int)');
    const stream = rawStream(client);
    const complete = new Promise((resolve) => {
      stream.on('data', (chunk: Buffer) => chunk.includes('COPY 2') && resolve(true));
    });
    stream.write(message('Q', 'copy copy_test from stdin\0'));
    stream.write(Buffer.concat([message('d', '7\n'), message('d', '8\n'), message('c')]));
    await complete;
    const other = await connect();
    expect((await other.query('select n from copy_test order by n')).rows).toEqual([{ n: 7 }, { n: 8 }]);
    await expect(other.query('select 1; copy copy_test from stdin')).rejects.toMatchObject({ code: '57014' });
    expect((await other.query('select count(*)::int as n from copy_test')).rows).toEqual([{ n: 2 }]);
  });

  it('carries large parameters and results', async () => {
    const client = await connect();
    const text = 'ä'.repeat(3_000_000);
    const { rows } = await client.query('select $1::text as text, repeat($1, 3) as thrice', [text]);
    expect(rows[0]?.text === text && rows[0]?.thrice.length === 9_000_000).toBe(true);
  });

  it('answers SSL with no, and drops what is no PostgreSQL', async () => {
    await expect(new Client({ connectionString: database.url, ssl: true }).connect()).rejects.toThrow(/SSL/);
    const reply = await new Promise<string>((resolve) => {
      const socket = connectSocket(database.port, '127.0.0.1', () => socket.end('GET / HTTP/1.1\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    expect(reply).toContain('08P01');
    expect((await (await connect()).query('select 1 as n')).rows).toEqual([{ n: 1 }]);
  });
});

/** The socket under a client. */
function rawStream(client: Client): NodeJS.ReadWriteStream {
  const { connection } = client as unknown as { connection: { stream: NodeJS.ReadWriteStream } };
  return connection.stream;
}

/** Ends a client without a good-bye, as a crash does. */
function endRudely(client: Client): void {
  (rawStream(client) as unknown as { destroy(): void }).destroy();
}
