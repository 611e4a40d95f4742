import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../../support/import-graph.ts';
import { at, type Deployment } from './deployment.ts';

const read = (pattern: string) =>
  globSync(pattern, { cwd: repositoryRoot }).map((file) =>
    readFileSync(path.join(repositoryRoot, file), 'utf8'),
  );

type Sku = { tier: string; connections: number };
const skus: Record<string, Sku> = JSON.parse(read('infra/database-skus.json').join());

/** Extensions that the migrations make. */
const extensions = new Set(
  read('src/db/migrations/*.sql').flatMap((sql) =>
    [...sql.matchAll(/create extension (?:if not exists )?"?(\w+)/gi)].map(([, name = '']) =>
      name.toUpperCase(),
    ),
  ),
);

/** HTTP functions are scaled together, durable ones together, each other trigger by itself; all of them ask the database. */
const functionGroups = () => {
  const source = read('src/functions/register-functions.ts').join();
  const others = [...source.matchAll(/\bapp\.(timer|storageQueue|storageBlob|eventGrid|serviceBus\w+)\(/g)];
  return Number(/\bapp\.http\(/.test(source)) + Number(/\bdurable\./.test(source)) + others.length;
};

const maxPgBouncerClients = 5000;

const parameters = ({ all }: Deployment) =>
  new Map(
    all('Microsoft.DBforPostgreSQL/flexibleServers/configurations').map((parameter) => [
      parameter.name.split('/').at(-1) ?? '',
      String(at(parameter, 'properties.value')),
    ]),
  );

export const wrongDatabase = (deployment: Deployment): string[] => {
  const faults: string[] = [];
  const given = parameters(deployment);
  const allowed = new Set(given.get('azure.extensions')?.split(','));
  for (const extension of extensions) {
    if (!allowed.has(extension)) {
      faults.push(`azure.extensions does not allow ${extension}, which a migration creates`);
    }
  }
  if (given.get('require_secure_transport') !== 'on') faults.push('the database answers without TLS');
  if (given.get('ssl_min_protocol_version') !== 'TLSv1.3') faults.push('the database accepts old TLS');
  const servers = deployment.all('Microsoft.DBforPostgreSQL/flexibleServers');
  const tier = at(servers[0], 'sku.tier');
  const pooler = [...given.keys()].filter((name) => name.startsWith('pgbouncer.'));
  if (tier === 'Burstable') {
    if (pooler.length > 0) faults.push(`a Burstable server has no ${pooler[0]}`);
    if (servers.length > 1) faults.push('a Burstable server has no replicas');
  } else {
    if (given.get('pgbouncer.enabled') !== 'true') faults.push('PgBouncer is off');
    for (const name of ['statement_timeout', 'idle_in_transaction_session_timeout']) {
      if (!given.get('pgbouncer.ignore_startup_parameters')?.split(',').includes(name)) {
        faults.push(`PgBouncer refuses every connection: ${name} is not in ignore_startup_parameters`);
      }
      if (!given.has(name)) faults.push(`${name} would not be set by anybody: PgBouncer drops it`);
    }
  }
  return [...faults, ...tooManyConnections(deployment), ...wrongAdministrators(deployment)];
};

const databaseUrl = ({ DATABASE_URL: text = '' }: Deployment['settings']) =>
  URL.canParse(text) ? new URL(text) : null;

const tooManyConnections = ({ all, one, settings }: Deployment): string[] => {
  const app = one('Microsoft.Web/sites');
  const instances = Number(at(app, 'properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount'));
  const wanted = instances * functionGroups() * Number(settings.SQ_DATABASE_POOL_SIZE);
  const server = all('Microsoft.DBforPostgreSQL/flexibleServers')[0];
  const sku = skus[String(at(server, 'sku.name'))];
  if (sku === undefined) return ['the size of the database server is not in database-skus.json'];
  const pooled = databaseUrl(settings)?.port === '6432';
  const faults: string[] = [];
  if (pooled !== (sku.tier !== 'Burstable')) {
    faults.push('DATABASE_URL goes to the wrong port: PgBouncer listens on 6432, and not on Burstable');
  }
  if (sku.tier !== at(server, 'sku.tier')) faults.push('the tier of the server is not that of its size');
  const granted = pooled ? maxPgBouncerClients : sku.connections;
  if (!(wanted <= granted)) faults.push(`${wanted} connections are wanted and ${granted} granted`);
  return faults;
};

const wrongAdministrators = ({ all, settings }: Deployment): string[] => {
  const appRole = databaseUrl(settings)?.username;
  const names = all('Microsoft.DBforPostgreSQL/flexibleServers/administrators').map((administrator) =>
    at(administrator, 'properties.principalName'),
  );
  const migrator = all('Microsoft.ManagedIdentity/userAssignedIdentities').find(
    ({ name }) => name !== appRole,
  );
  const isApp = names.includes(appRole);
  const migrates = settings.SQ_MIGRATE_URL;
  if (isApp !== (migrates !== undefined)) {
    return ['whether the app administers the database and whether it migrates it are two answers'];
  }
  if (migrates !== undefined && new URL(migrates).port !== '5432') {
    return ['migrations go through the pooler, which has no sessions'];
  }
  if (migrator === undefined) return isApp ? [] : ['nobody may migrate the database'];
  return [
    ...(names.includes(migrator.name) ? [] : ['the migration identity may not administer the database']),
    ...(isApp ? ['the app administers the database though a migration identity does'] : []),
  ];
};
