import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type DurableBackend, hostJsonFor } from '../../../scripts/host-json.ts';
import { repositoryRoot } from '../../support/import-graph.ts';
import { at, type Deployment } from './deployment.ts';

const hostJson = JSON.parse(readFileSync(path.join(repositoryRoot, 'host.json'), 'utf8'));

/** The package's host.json names settings; whoever deploys it takes the backend from the output. */
export const wrongDurable = ({ settings, snapshot, all }: Deployment): string[] => {
  const backend = snapshot.outputs.DURABLE_BACKEND as DurableBackend;
  const durable = hostJsonFor(hostJson, backend).extensions?.durableTask;
  const connection =
    at(durable, 'storageProvider.connectionStringName') ?? at(durable, 'storageProvider.connectionName');
  const hub = String(at(durable, 'hubName')).replaceAll('%', '');
  const isSet = (name: unknown) =>
    Object.keys(settings).some((key) => key === name || key.startsWith(`${name}__queueServiceUri`));
  return [
    ...[hub, connection]
      .filter((name) => !isSet(name))
      .map((name) => `host.json of the package names ${name}, which is not an app setting`),
    ...all('Microsoft.DurableTask/schedulers/taskHubs')
      .filter(({ name }) => name.split('/').at(-1) !== settings[hub])
      .map(() => `app setting ${hub} names another task hub than there is`),
    ...(backend === 'scheduler' && all('Microsoft.DurableTask/schedulers').length === 0
      ? ['orchestrations are to be in a scheduler that is not made']
      : []),
  ];
};
