import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../../support/import-graph.ts';
import { at, type Deployment } from './deployment.ts';

const telemetry = globSync('src/telemetry/*.ts', { cwd: repositoryRoot })
  .map((file) => readFileSync(path.join(repositoryRoot, file), 'utf8'))
  .join('\n');

const alertTypes = [
  'Microsoft.Insights/scheduledQueryRules',
  'Microsoft.Insights/metricAlerts',
  'Microsoft.Consumption/budgets',
];

export const alertNames = ({ all }: Deployment): string[] =>
  alertTypes.flatMap((type) => all(type).map(({ name }) => name));

const wanted = [
  'failure-rate',
  'stale-tick',
  'rate-limited',
  'spend',
  'database-cpu',
  'database-storage',
  'database-connections',
];

export const wrongAlerts = (deployment: Deployment): string[] => {
  const names = alertNames(deployment);
  const servers = deployment.all('Microsoft.DBforPostgreSQL/flexibleServers').length;
  const missing = [...wanted, ...(servers > 1 ? ['replica-lag'] : [])].filter(
    (name) => !names.includes(name),
  );
  const queries = deployment
    .all('Microsoft.Insights/scheduledQueryRules')
    .map((rule) => JSON.stringify(rule));
  const measured = queries.flatMap((query) => query.match(/\bsq\.[a-z_.]+/g) ?? []);
  const silent = alertTypes
    .slice(0, 2)
    .flatMap((type) => deployment.all(type))
    .filter((alert) => !JSON.stringify(at(alert, 'properties.actions')).includes('/actionGroups/'));
  return [
    ...missing.map((name) => `alert ${name} is missing`),
    ...measured
      .filter((name) => !telemetry.includes(`'${name}'`))
      .map((name) => `an alert looks at ${name}, which the app does not send`),
    ...silent.map(({ name }) => `alert ${name} tells nobody`),
  ];
};
