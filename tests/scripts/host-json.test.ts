import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readHostSettings } from '../../local/host/host-settings.ts';
import { hostJsonFor } from '../../scripts/host-json.ts';
import { repositoryRoot } from '../support/import-graph.ts';

const hostJson = JSON.parse(readFileSync(path.join(repositoryRoot, 'host.json'), 'utf8'));

const readBack = (settings: object, env: Record<string, string>) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sq-host-json-'));
  try {
    writeFileSync(path.join(folder, 'host.json'), JSON.stringify(settings));
    return readHostSettings(folder, env);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

describe('hostJsonFor', () => {
  it('leaves everything else as it is', () => {
    expect(hostJsonFor(hostJson, 'local')).toEqual(hostJson);
    for (const backend of ['scheduler', 'storage'] as const) {
      const { extensions, ...rest } = hostJsonFor(hostJson, backend);
      expect({
        ...rest,
        extensions: { ...extensions, durableTask: hostJson.extensions.durableTask },
      }).toEqual(hostJson);
      expect(extensions?.durableTask).toMatchObject(hostJson.extensions.durableTask);
    }
  });

  it('names the provider in full: what is missing there would be Azure Storage, in silence', () => {
    expect(hostJsonFor(hostJson, 'scheduler').extensions?.durableTask).toMatchObject({
      hubName: '%TASKHUB_NAME%',
      storageProvider: {
        type: 'azureManaged',
        connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING',
      },
    });
    expect(hostJsonFor(hostJson, 'storage').extensions?.durableTask?.storageProvider).toMatchObject({
      type: 'AzureStorage',
    });
  });

  it('makes a package that the local host runs as well', () => {
    const ours = readBack(hostJson, {});
    const packaged = hostJsonFor(hostJson, 'scheduler');
    const withHub = (hubName: string) => ({ ...ours, durable: { ...ours.durable, hubName } });
    expect(readBack(packaged, { TASKHUB_NAME: 'night' })).toEqual(withHub('night'));
    expect(readBack(packaged, {})).toEqual(withHub('TASKHUB_NAME'));
  });
});
