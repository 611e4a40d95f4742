export const managementPath = '/runtime/webhooks/durabletask';

/** The same in all answers; the local host checks no keys. */
const code = 'local';

/** An id as it stands in a URL of the extension: a blank is a plus sign. */
const escapeId = (id: string): string => encodeURIComponent(id).replaceAll('%20', '+');

const query = (hub: string): string => `taskHub=${encodeURIComponent(hub)}&connection=Storage&code=${code}`;

/** Links to everything that can be done with an instance. `id` is inserted as it is. */
const links = (hook: string, hub: string, id: string): Record<string, string> => {
  const base = `${hook}/instances/${id}`;
  return {
    statusQueryGetUri: `${base}?${query(hub)}`,
    sendEventPostUri: `${base}/raiseEvent/{eventName}?${query(hub)}`,
    terminatePostUri: `${base}/terminate?reason={text}&${query(hub)}`,
    rewindPostUri: `${base}/rewind?reason={text}&${query(hub)}`,
    purgeHistoryDeleteUri: `${base}?${query(hub)}`,
    restartPostUri: `${base}/restart?${query(hub)}`,
    suspendPostUri: `${base}/suspend?reason={text}&${query(hub)}`,
    resumePostUri: `${base}/resume?reason={text}&${query(hub)}`,
  };
};

/** The body of the answer to a start; it has no link for rewinding. */
export const startedBody = (
  origin: string,
  hub: string,
  id: string,
): { id: string; statusQueryGetUri: string; [link: string]: string } => {
  const {
    rewindPostUri,
    statusQueryGetUri = '',
    ...rest
  } = links(origin + managementPath, hub, escapeId(id));
  return { id, statusQueryGetUri, ...rest };
};

/** The text that a `durableClient` input binding gets. */
export const clientBindingData = (origin: string, hub: string): string => {
  const hook = origin + managementPath;
  const create = `${hook}/orchestrators/{functionName}[/{instanceId}]`;
  return JSON.stringify({
    taskHubName: hub,
    connectionName: null,
    creationUrls: {
      createNewInstancePostUri: `${create}?code=${code}`,
      createAndWaitOnNewInstancePostUri: `${create}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&code=${code}`,
    },
    managementUrls: { id: 'INSTANCEID', ...links(hook, hub, 'INSTANCEID') },
    baseUrl: hook,
    requiredQueryStringParameters: `code=${code}`,
    // In Azure a port of its own; the paths below it are the same.
    rpcBaseUrl: `${hook}/`,
    httpBaseUrl: null,
    maxGrpcMessageSizeInBytes: null,
    grpcHttpClientTimeout: null,
  });
};
