import { describe, expect, it } from '@jest/globals';
import { keepPlatformLog } from '../../src/functions/platform-log.ts';
import { createLogger } from '../../src/telemetry/create-logger.ts';

const collect = () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => lines.push(JSON.parse(line)) });
  return { lines, logger };
};

describe('keepPlatformLog', () => {
  it('writes lines of the platform at the level they had, without secrets', () => {
    const { lines, logger } = collect();
    keepPlatformLog((tell) => {
      tell({ level: 'warning', category: 'system', message: `key sq_${'a'.repeat(43)}` });
      tell({ level: 'critical', category: 'user', message: 'broken' });
    }, logger);
    expect(lines).toMatchObject([
      { level: 'warn', category: 'system', message: 'key sq_[secret]' },
      { level: 'error', category: 'user', message: 'broken' },
    ]);
  });

  it('goes on where the worker does not know the hook', () => {
    const { lines, logger } = collect();
    keepPlatformLog(() => {
      throw new RangeError('Unrecognized hook "log"');
    }, logger);
    expect(lines).toMatchObject([{ level: 'debug', message: 'the platform has no hook for log lines' }]);
  });
});
