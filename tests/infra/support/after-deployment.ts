/** What Azure would say of a resource once it is there: by type and property, from the resource's name. */
const answers: Record<string, (name: string) => string> = {
  'userAssignedIdentities.clientId': () => '33333333-3333-4333-8333-333333333333',
  'storageAccounts.primaryEndpoints.blob': (name) => `https://${name}.blob.core.windows.net/`,
  'storageAccounts.primaryEndpoints.queue': (name) => `https://${name}.queue.core.windows.net/`,
  'storageAccounts.primaryEndpoints.table': (name) => `https://${name}.table.core.windows.net/`,
  'components.ConnectionString': (name) =>
    `InstrumentationKey=00000000;IngestionEndpoint=https://${name}.in.applicationinsights.azure.com/`,
  'vaults.vaultUri': (name) => `https://${name}.vault.azure.net/`,
  'schedulers.endpoint': (name) => `https://${name}.durabletask.io`,
  'accounts.endpoint': (name) => `https://${name}.openai.azure.com/`,
  'flexibleServers.fullyQualifiedDomainName': (name) => `${name}.postgres.database.azure.com`,
};

const word = /'((?:[^']|'')*)'|reference\('([^']+)', '[^']+'\)\.([\w.]+)|\b(\d+)\b/g;

const read = (match: RegExpMatchArray): string => {
  const [, literal, resource, property, number] = match;
  if (resource === undefined) return literal?.replaceAll("''", "'") ?? number ?? '';
  const [type = '', name = ''] = resource.split('/').slice(-2);
  const answer = answers[`${type}.${property}`];
  if (answer === undefined) throw new Error(`what is ${property} of a ${type}?`);
  return answer(name);
};

/**
 * A value of a snapshot as it would be after deploying: `reference(…)` answered, `format(…)` filled in.
 * @throws {Error} for another expression: the value then depends on more than it should
 */
export const afterDeployment = (value: unknown): string => {
  const text = String(value);
  if (!/^\[[a-z]\w*\(.*\]$/s.test(text)) return text;
  const words = [...text.matchAll(word)].map(read);
  if (text.startsWith('[reference(') && words[0] !== undefined) return words[0];
  if (!text.startsWith('[format(')) throw new Error(`no simple expression: ${text}`);
  const [pattern = '', ...values] = words;
  return pattern.replace(/\{(\d+)\}/g, (_, index) => {
    const value = values[Number(index)];
    if (value === undefined) throw new Error(`no simple expression: ${text}`);
    return value;
  });
};
