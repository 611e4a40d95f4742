import { z } from 'zod';
import { isDurableBackend } from './host-json.ts';

const text = z.object({ value: z.string() });

/** What a deployment of infra/main.bicep tells the steps after it, as `az` prints it. */
const DeploymentOutputs = z
  .object({
    AZURE_RESOURCE_GROUP: text,
    AZURE_FUNCTION_APP_NAME: text,
    APP_URL: text,
    DURABLE_BACKEND: z.object({ value: z.string().refine(isDurableBackend) }),
    DATABASE_SERVER: text,
    DATABASE_NAME: text,
    DATABASE_APP_ROLE: text,
    DATABASE_MIGRATION_ROLE: text,
  })
  .transform((outputs) => ({
    resourceGroup: outputs.AZURE_RESOURCE_GROUP.value,
    appName: outputs.AZURE_FUNCTION_APP_NAME.value,
    appUrl: outputs.APP_URL.value,
    durableBackend: outputs.DURABLE_BACKEND.value,
    databaseServer: outputs.DATABASE_SERVER.value,
    databaseName: outputs.DATABASE_NAME.value,
    appRole: outputs.DATABASE_APP_ROLE.value,
    migrationRole: outputs.DATABASE_MIGRATION_ROLE.value,
  }));
export type DeploymentOutputs = z.infer<typeof DeploymentOutputs>;

/** @throws {Error} when it is no JSON, or an output is missing */
export const readOutputs = (json: string): DeploymentOutputs => DeploymentOutputs.parse(JSON.parse(json));

/** Stand in for what only a deployment tells, so that a dry run can print every command. */
export const unknownOutputs: DeploymentOutputs = {
  resourceGroup: 'RESOURCE_GROUP',
  appName: 'FUNCTION_APP',
  appUrl: 'https://FUNCTION_APP.azurewebsites.net',
  durableBackend: 'scheduler',
  databaseServer: 'DATABASE_SERVER',
  databaseName: 'DATABASE_NAME',
  appRole: 'APP_ROLE',
  migrationRole: 'MIGRATION_ROLE',
};

/** The app migrates itself where its own role is the one that may; nobody else could sign in as it. */
export const migratesItself = ({ appRole, migrationRole }: DeploymentOutputs): boolean =>
  appRole === migrationRole;
