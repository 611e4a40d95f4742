import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type {
  ActivityTask,
  EpisodeCommit,
  InboxMessage,
  InstanceRecord,
  RuntimeStatus,
} from './durable-records.ts';
import { durableSchema } from './durable-schema.ts';
import type { HistoryEvent } from './history-event.ts';

export type InstanceFilter = { statuses: string[]; createdFrom: number | null; createdTo: number | null };

/** The engine's state in one SQLite file. Every method is one transaction; the file belongs to one process. */
export type DurableStore = {
  instance(id: string): InstanceRecord | null;
  /** Sorted by id, from `firstId` on. */
  instances(filter: InstanceFilter, firstId: string, limit: number): InstanceRecord[];
  history(id: string): HistoryEvent[];
  /** Due messages in the order in which they came. */
  inbox(id: string, now: number): (InboxMessage & { key: number })[];
  /** Instances that have due messages. */
  dueInstances(now: number): string[];
  /** When the next message falls due after `now`. */
  nextDue(now: number): number | null;
  tasks(): ActivityTask[];
  /** Writes a new instance over an ended one of that id, with its start message. */
  create(instance: InstanceRecord, start: InboxMessage): void;
  post(message: InboxMessage): void;
  commit(episode: EpisodeCommit): void;
  /** Takes the task out of the outbox and posts its result; false, and nothing, when it was already out. */
  finishTask(task: ActivityTask, result: InboxMessage): boolean;
  /** Throws messages away that nobody will read. */
  discard(keys: number[]): void;
  purge(ids: string[]): void;
  close(): void;
};

type Row = Record<string, SQLInputValue>;

const toInstance = (row: Row): InstanceRecord => ({
  id: String(row.id),
  executionId: String(row.execution_id),
  name: String(row.name),
  input: row.input as string | null,
  status: row.status as RuntimeStatus,
  customStatus: row.custom_status as string | null,
  output: row.output as string | null,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  parent: row.parent === null ? null : JSON.parse(String(row.parent)),
});

/** Opens or makes the file (`:memory:` for none). Throws when another process has it open. */
export const openDurableStore = (file: string): DurableStore => {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  try {
    database.exec(durableSchema);
  } catch (error) {
    database.close();
    if (!String(error).includes('locked')) throw error;
    throw new Error(`${file} is used by another host`, { cause: error });
  }
  const prepare = (sql: string) => database.prepare(sql);
  const sql = {
    instance: prepare('SELECT * FROM instances WHERE id = ?'),
    instances: prepare(
      `SELECT * FROM instances WHERE id >= ?1 AND created_at BETWEEN ?2 AND ?3
       AND (?4 = '[]' OR status IN (SELECT value FROM json_each(?4))) ORDER BY id LIMIT ?5`,
    ),
    putInstance: prepare('INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    removeInstance: prepare('DELETE FROM instances WHERE id = ?'),
    history: prepare('SELECT event FROM history WHERE instance_id = ? ORDER BY position'),
    historyEnd: prepare('SELECT max(position) AS last FROM history WHERE instance_id = ?'),
    append: prepare('INSERT INTO history VALUES (?, ?, ?)'),
    clearHistory: prepare('DELETE FROM history WHERE instance_id = ?'),
    inbox: prepare('SELECT * FROM inbox WHERE instance_id = ? AND due_at <= ? ORDER BY key'),
    clearInbox: prepare('DELETE FROM inbox WHERE instance_id = ?'),
    due: prepare('SELECT DISTINCT instance_id FROM inbox WHERE due_at <= ?'),
    nextDue: prepare('SELECT min(due_at) AS next FROM inbox WHERE due_at > ?'),
    post: prepare(
      `INSERT INTO inbox (instance_id, execution_id, message_id, due_at, event) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (message_id) DO NOTHING`,
    ),
    consume: prepare('DELETE FROM inbox WHERE key = ?'),
    tasks: prepare('SELECT * FROM outbox ORDER BY key'),
    putTask: prepare(
      `INSERT INTO outbox (message_id, instance_id, execution_id, task_id, name, input) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (message_id) DO NOTHING`,
    ),
    removeTask: prepare('DELETE FROM outbox WHERE message_id = ?'),
    clearOutbox: prepare('DELETE FROM outbox WHERE instance_id = ?'),
  };

  const transaction = <T>(work: () => T): T => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      database.exec('COMMIT');
      return value;
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  };
  const putInstance = (instance: InstanceRecord): void => {
    const { id, executionId, name, input, status, customStatus, output, createdAt, updatedAt } = instance;
    const parent = instance.parent === null ? null : JSON.stringify(instance.parent);
    sql.putInstance.run(
      id,
      executionId,
      name,
      input,
      status,
      customStatus,
      output,
      createdAt,
      updatedAt,
      parent,
    );
  };
  const post = ({ instanceId, executionId, messageId, dueAt, event }: InboxMessage): void => {
    sql.post.run(instanceId, executionId, messageId, Math.ceil(dueAt), JSON.stringify(event));
  };
  const forget = (id: string): void => {
    sql.clearHistory.run(id);
    sql.clearInbox.run(id);
    sql.clearOutbox.run(id);
  };

  return {
    instance: (id) => {
      const row = sql.instance.get(id) as Row | undefined;
      return row === undefined ? null : toInstance(row);
    },
    instances: (filter, firstId, limit) => {
      const from = filter.createdFrom ?? 0;
      const to = filter.createdTo ?? Number.MAX_SAFE_INTEGER;
      const rows = sql.instances.all(firstId, from, to, JSON.stringify(filter.statuses), limit) as Row[];
      return rows.map(toInstance);
    },
    history: (id) => (sql.history.all(id) as Row[]).map((row) => JSON.parse(String(row.event))),
    inbox: (id, now) =>
      (sql.inbox.all(id, now) as Row[]).map((row) => ({
        key: Number(row.key),
        instanceId: id,
        executionId: row.execution_id as string | null,
        messageId: String(row.message_id),
        dueAt: Number(row.due_at),
        event: JSON.parse(String(row.event)),
      })),
    dueInstances: (now) => (sql.due.all(now) as Row[]).map((row) => String(row.instance_id)),
    nextDue: (now) => (sql.nextDue.get(now) as { next: number | null }).next,
    tasks: () =>
      (sql.tasks.all() as Row[]).map((row) => ({
        messageId: String(row.message_id),
        instanceId: String(row.instance_id),
        executionId: String(row.execution_id),
        taskId: Number(row.task_id),
        name: String(row.name),
        input: row.input as string | null,
      })),
    create: (instance, start) =>
      transaction(() => {
        forget(instance.id);
        putInstance(instance);
        post(start);
      }),
    post: (message) => transaction(() => post(message)),
    commit: (episode) =>
      transaction(() => {
        const { id } = episode.instance;
        for (const child of episode.children) {
          forget(child.id);
          putInstance(child);
        }
        for (const key of episode.consumed) sql.consume.run(key);
        if (episode.clearHistory) sql.clearHistory.run(id);
        const { last } = sql.historyEnd.get(id) as { last: number | null };
        episode.appended.forEach((event, index) => {
          sql.append.run(id, (last ?? -1) + 1 + index, JSON.stringify(event));
        });
        for (const task of episode.tasks) {
          const { messageId, instanceId, executionId, taskId, name, input } = task;
          sql.putTask.run(messageId, instanceId, executionId, taskId, name, input);
        }
        for (const message of episode.messages) post(message);
        putInstance(episode.instance);
      }),
    finishTask: (task, result) =>
      transaction(() => {
        if (sql.removeTask.run(task.messageId).changes === 0) return false;
        post(result);
        return true;
      }),
    discard: (keys) =>
      transaction(() => {
        for (const key of keys) sql.consume.run(key);
      }),
    purge: (ids) =>
      transaction(() => {
        for (const id of ids) {
          forget(id);
          sql.removeInstance.run(id);
        }
      }),
    close: () => database.close(),
  };
};
