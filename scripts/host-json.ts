/** Where durable orchestrations keep their state; `durableBackend` of infra/main.bicep, or this machine's own host. */
export const durableBackends = ['scheduler', 'storage', 'local'] as const;
export type DurableBackend = (typeof durableBackends)[number];

export const isDurableBackend = (text: string): text is DurableBackend =>
  durableBackends.some((backend) => backend === text);

type HostJson = {
  extensions?: { durableTask?: Record<string, unknown>; [extension: string]: unknown };
  [part: string]: unknown;
};

/** What infra/modules/app-settings.bicep sets under these names. */
const hubName = '%TASKHUB_NAME%';
const storageProviders = {
  scheduler: { type: 'azureManaged', connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING' },
  // A quiet queue is looked at every 10 s at least: the platform adds instances by what lies in it.
  storage: {
    type: 'AzureStorage',
    connectionName: 'AzureWebJobsStorage',
    maxQueuePollingInterval: '00:00:10',
  },
};

/** host.json for one backend. docs/decisions/0006-the-package-names-the-durable-backend.md says why it is not a setting. */
export const hostJsonFor = (hostJson: HostJson, backend: DurableBackend): HostJson => {
  if (backend === 'local') return hostJson;
  const { extensions } = hostJson;
  const durableTask = { ...extensions?.durableTask, hubName, storageProvider: storageProviders[backend] };
  return { ...hostJson, extensions: { ...extensions, durableTask } };
};
