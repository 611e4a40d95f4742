/** Tables of the engine's file. `inbox` holds events on their way, `outbox` activities that are to be run. */
export const durableSchema = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS instances (
    id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, name TEXT NOT NULL, input TEXT, status TEXT NOT NULL,
    custom_status TEXT, output TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, parent TEXT
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS history (
    instance_id TEXT NOT NULL, position INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (instance_id, position)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS inbox (
    key INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT,
    message_id TEXT NOT NULL UNIQUE, due_at INTEGER NOT NULL, event TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS inbox_by_instance ON inbox (instance_id, due_at);
  CREATE INDEX IF NOT EXISTS inbox_by_time ON inbox (due_at);
  CREATE TABLE IF NOT EXISTS outbox (
    key INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, instance_id TEXT NOT NULL,
    execution_id TEXT NOT NULL, task_id INTEGER NOT NULL, name TEXT NOT NULL, input TEXT
  );
`;
