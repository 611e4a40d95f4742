import { wrongAlerts } from './alert-checks.ts';
import { wrongDatabase } from './database-checks.ts';
import type { Compiled, Deployment } from './deployment.ts';
import { wrongDurable } from './durable-checks.ts';
import { wrongNetwork } from './network-checks.ts';
import { wrongAccess, wrongApp, wrongProperties } from './resource-checks.ts';
import { wrongRoles } from './role-checks.ts';
import {
  danglingReferences,
  missingSettings,
  plainSecrets,
  refusedSettings,
  unknownSettings,
} from './setting-checks.ts';
import {
  compilerFaults,
  databaseOrder,
  leaks,
  literalGuids,
  oddOutputs,
  unknownApiVersions,
} from './template-checks.ts';

/** What must hold of the templates, whatever the parameters. Each check returns its faults in words. */
export const templateChecks: Readonly<Record<string, (compiled: Compiled) => string[]>> = {
  'compiles without a warning, and its parameters fit': compilerFaults,
  'uses known api-versions': unknownApiVersions,
  'has no secret in a default or an output': leaks,
  'has outputs that azd can use': oddOutputs,
  'has no literal GUID outside of roles.json': literalGuids,
  'changes the database one step after another': databaseOrder,
};

/** What must hold of each deployment. */
export const deploymentChecks: Readonly<Record<string, (deployment: Deployment) => string[]>> = {
  'sets no app setting that nobody reads': unknownSettings,
  'sets every app setting that is required': missingSettings,
  'has app settings that the app accepts': refusedSettings,
  'has no secret in plain text': plainSecrets,
  'refers to secrets that are in the vault': danglingReferences,
  'gives the app the roles it needs, on the resources, and no other': wrongRoles,
  'has no keys, passwords and old TLS': wrongProperties,
  'has an app that Flex Consumption runs': wrongApp,
  'lets in whom it says': wrongAccess,
  'keeps what holds data inside its network, where it has one': wrongNetwork,
  'has a database with extensions, TLS and enough connections': wrongDatabase,
  'has the durable backend that the package names': wrongDurable,
  'has alerts on what the app sends': wrongAlerts,
};

/** Every fault of everything; empty when all is well. */
export const allFaults = (compiled: Compiled): string[] => [
  ...Object.values(templateChecks).flatMap((check) => check(compiled)),
  ...Object.values(compiled.deployments).flatMap((deployment) =>
    Object.values(deploymentChecks).flatMap((check) => check(deployment)),
  ),
];
