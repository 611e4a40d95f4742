import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readLocalSettings } from '../../local/local-settings.ts';

describe('readLocalSettings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sq-settings-'));
  const file = join(folder, 'local.settings.json');
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (text: string) => {
    writeFileSync(file, text);
    return readLocalSettings(file);
  };

  it('gives the values over the defaults, and these alone without a file', () => {
    const defaults = { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '17825792' };
    expect(readLocalSettings(join(folder, 'none.json'))).toEqual(defaults);
    expect(read('{"IsEncrypted":false,"Values":{"SQ_LOG_LEVEL":"warn"}}')).toEqual({
      ...defaults,
      SQ_LOG_LEVEL: 'warn',
    });
    expect(read('{"Values":{"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT":"1"}}')).toEqual({
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1',
    });
  });

  it.each([
    ['{"Values":{"SQ_OPENAI_KEY":"secret"', 'not valid JSON'],
    ['[]', 'JSON object'],
    ['{"SQ_LOG_LEVEL":"warn"}', '"Values" must be an object'],
    ['{"Values":[]}', '"Values" must be an object'],
    ['{"Values":{"SQ_ECHO":[]}}', '"SQ_ECHO" must be a string'],
    ['{"IsEncrypted":true,"Values":{}}', 'is encrypted'],
  ])('refuses %j without quoting it', (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).not.toThrow(/secret/);
  });

  it('reads the example that the repository ships', () => {
    const example = join(import.meta.dirname, '../../local.settings.example.json');
    expect(JSON.parse(readLocalSettings(example).SQ_ECHO ?? '')).toEqual([{ name: 'echo', latencyMs: 50 }]);
  });
});
