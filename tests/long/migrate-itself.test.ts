import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../local/database/embedded-database.ts';
import { startApp } from '../support/running-app.ts';

describe('an app that migrates its own database', () => {
  let database: EmbeddedDatabase;
  beforeAll(async () => {
    database = await startEmbeddedDatabase({ dataDir: null });
  });
  afterAll(() => database.stop());

  const question = { provider: 'echo', model: 'echo-1', prompt: 'Is there a table?' };

  it('answers its first request on an empty database, and leaves an up-to-date one alone', async () => {
    const first = await startApp(database.url, { SQ_MIGRATE_URL: database.url });
    try {
      const answers = await Promise.all([1, 2, 3].map(() => first.post('/api/v1/inferences', question)));
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
      expect((await first.send('/api/ready')).status).toBe(200);
      expect(first.lines.filter((line) => line.includes('applying them'))).toHaveLength(1);
    } finally {
      await first.host.stop();
    }
    const second = await startApp(database.url, { SQ_MIGRATE_URL: database.url });
    try {
      expect((await second.post('/api/v1/inferences', question)).status).toBe(201);
      expect(second.lines.filter((line) => line.includes('applying them'))).toEqual([]);
    } finally {
      await second.host.stop();
    }
  }, 60_000);

  it('answers what needs no database while it cannot, without telling the address', async () => {
    const away = 'postgres://somebody:pass-0123456789@127.0.0.1:9/nowhere';
    const app = await startApp(away, { SQ_MIGRATE_URL: away });
    try {
      expect((await app.send('/api/health')).status).toBe(200);
      expect((await app.send('/api/ready')).status).toBe(503);
      expect(app.lines.some((line) => line.includes('could not be migrated'))).toBe(true);
      expect(app.lines.join('\n')).not.toContain('pass-0123456789');
    } finally {
      await app.host.stop();
    }
  }, 60_000);
});
