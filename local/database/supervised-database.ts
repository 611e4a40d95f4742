import {
  type EmbeddedDatabase,
  type EmbeddedDatabaseOptions,
  startEmbeddedDatabase,
} from './embedded-database.ts';

export type SupervisedDatabase = {
  url: string;
  /** Resolves with a reason when the database has gone and will not come back; never after `stop`. */
  lost: Promise<string>;
  stop(): Promise<void>;
};

/** More crashes than these within a minute are no accident. */
const maxRestarts = 3;
const restartWindowMs = 60_000;

/** An embedded database that is started again, under the same address, when its process dies. */
export async function startSupervisedDatabase(
  options: EmbeddedDatabaseOptions,
  log: (line: string) => void,
): Promise<SupervisedDatabase> {
  const crashes: number[] = [];
  let giveUp: (reason: string) => void = () => {};
  const lost = new Promise<string>((resolve) => {
    giveUp = resolve;
  });
  let stopping = false;
  let current = Promise.resolve(await startEmbeddedDatabase(options));
  const { url, port } = await current;
  const password = decodeURIComponent(new URL(url).password);

  const watch = async (database: EmbeddedDatabase): Promise<void> => {
    const { expected, description } = await database.exited;
    if (expected || stopping) return;
    const now = Date.now();
    crashes.push(now);
    if (crashes.filter((at) => now - at < restartWindowMs).length > maxRestarts) {
      giveUp(`the database keeps ending (${description})`);
      return;
    }
    log(`the database process ended (${description}); starting it again`);
    current = startEmbeddedDatabase({ ...options, port, password });
    await watch(await current);
  };
  const watchFrom = (database: EmbeddedDatabase) =>
    watch(database).catch((error: unknown) => giveUp(`the database does not start again: ${error}`));
  void watchFrom(await current);

  return {
    url,
    lost,
    async stop() {
      stopping = true;
      const database = await current.catch(() => null);
      await database?.stop();
    },
  };
}
