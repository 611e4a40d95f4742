import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../../support/import-graph.ts';
import { at, type Deployment } from './deployment.ts';

const roles: Record<string, string> = JSON.parse(
  readFileSync(path.join(repositoryRoot, 'infra/roles.json'), 'utf8'),
);
const roleNames = new Map(Object.entries(roles).map(([name, id]) => [id, name]));

/** `ROLE on TYPE`, with the type of the resource an assignment is bound to. */
const assignments = ({ all }: Deployment) =>
  all('Microsoft.Authorization/roleAssignments').map((assignment) => {
    const roleId = String(at(assignment, 'properties.roleDefinitionId')).split('/').at(-1) ?? '';
    const scope = assignment.id.split('/providers/Microsoft.Authorization/roleAssignments/')[0] ?? '';
    const [, resource = ''] = scope.split(/\/providers\/(?!.*\/providers\/)/);
    const [namespace, ...parts] = resource.split('/');
    const type = [namespace, ...parts.filter((_, index) => index % 2 === 0)].join('/');
    return {
      role: roleNames.get(roleId) ?? `role ${roleId}`,
      type: type === '' ? 'a resource group or subscription' : type,
      principal: String(at(assignment, 'properties.principalId')),
      principalType: at(assignment, 'properties.principalType'),
    };
  });

/** What the code does with its identity, and so what the identity may. */
const wanted = ({ all, settings }: Deployment): string[] => [
  'storageBlobDataOwner on Microsoft.Storage/storageAccounts',
  'keyVaultSecretsUser on Microsoft.KeyVault/vaults',
  'monitoringMetricsPublisher on Microsoft.Insights/components',
  ...(settings.DURABLE_TASK_SCHEDULER_CONNECTION_STRING === undefined
    ? [
        'storageQueueDataContributor on Microsoft.Storage/storageAccounts',
        'storageTableDataContributor on Microsoft.Storage/storageAccounts',
      ]
    : ['durableTaskDataContributor on Microsoft.DurableTask/schedulers/taskHubs']),
  ...(all('Microsoft.CognitiveServices/accounts').length > 0
    ? ['cognitiveServicesOpenAiUser on Microsoft.CognitiveServices/accounts']
    : []),
];

export const wrongRoles = (deployment: Deployment): string[] => {
  const identity = deployment
    .all('Microsoft.ManagedIdentity/userAssignedIdentities')
    .find(({ name }) => deployment.settings.DATABASE_URL?.startsWith(`postgresql://${name}@`));
  const given = assignments(deployment);
  const ofApp = given.filter(({ principal }) => identity && principal.includes(`'${identity.id}'`));
  const ofPeople = given.filter(({ principalType }) => principalType === 'Group');
  const texts = ofApp.map(({ role, type }) => `${role} on ${type}`);
  const expected = wanted(deployment);
  return [
    ...expected
      .filter((text) => !texts.includes(text))
      .map((text) => `the app lacks a role it needs: ${text}`),
    ...texts
      .filter((text) => !expected.includes(text))
      .map((text) => `the app has a role it does not need: ${text}`),
    ...ofPeople
      .map(({ role, type }) => `${role} on ${type}`)
      .filter((text) => text !== 'keyVaultSecretsOfficer on Microsoft.KeyVault/vaults')
      .map((text) => `people have a role they do not need: ${text}`),
    ...given
      .filter((one) => !ofApp.includes(one) && !ofPeople.includes(one))
      .map(({ role, type }) => `somebody else has a role: ${role} on ${type}`),
    ...given
      .filter(({ type }) => !type.includes('/'))
      .map(({ role, type }) => `${role} is given on ${type}: too wide`),
  ];
};
