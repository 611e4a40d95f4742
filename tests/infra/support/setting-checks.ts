import { loadConfig } from '../../../src/config/config.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { describeSettings } from '../../../src/config/describe-settings.ts';
import type { Deployment } from './deployment.ts';

/** What the platform, its extensions and SDKs read; everything else must be in src/config/settings.ts. */
const platformSettings = new Set([
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'AZURE_CLIENT_ID',
  'AzureWebJobsDisableHomepage',
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__clientId',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__tableServiceUri',
  'DURABLE_TASK_SCHEDULER_CONNECTION_STRING',
  'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT',
  'TASKHUB_NAME',
]);

/** Without these nothing of the app works, or not as it was meant to. */
const requiredOfPlatform = [
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'AZURE_CLIENT_ID',
  'AzureWebJobsDisableHomepage',
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__clientId',
  'AzureWebJobsStorage__credential',
  'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT',
  'TASKHUB_NAME',
];

const described = describeSettings();
const isKnown = (name: string) =>
  platformSettings.has(name) ||
  name.startsWith('SQ_KEY_') ||
  described.some((setting) => setting.name === name);

/** Secret where they carry a password or open a door; with Entra sign-in on the other side they do neither. */
const worthlessAlone = new Set(['DATABASE_URL', 'SQ_MIGRATE_URL', 'APPLICATIONINSIGHTS_CONNECTION_STRING']);

const reference = /^@Microsoft\.KeyVault\(VaultName=([^;]+);SecretName=([^)]+)\)$/;
const isReference = (value: string) => value.startsWith('@Microsoft.KeyVault(');
const looksSecret =
  /\bsq_[\w-]{20}|\bsk-[\w-]{10}|AccountKey=|SharedAccessKey|[?&]sig=|\/\/[^/@\s]+:[^/@\s]+@|password/i;

export const unknownSettings = ({ settings }: Deployment): string[] =>
  Object.keys(settings)
    .filter((name) => !isKnown(name))
    .map((name) => `app setting ${name} is read by nobody`);

export const missingSettings = ({ settings }: Deployment): string[] =>
  [...described.filter(({ required }) => required).map(({ name }) => name), ...requiredOfPlatform]
    .filter((name) => !(name in settings))
    .map((name) => `app setting ${name} is missing`);

/** Hands the settings to the app's own configuration, with the secrets a vault would give. */
export const refusedSettings = ({ settings }: Deployment): string[] => {
  const secrets: Record<string, string> = { SQ_ADMIN_KEY: `sq_${'a'.repeat(43)}` };
  const resolved = Object.entries(settings).map(([name, value]) => [
    name,
    isReference(value) ? (secrets[name] ?? 'secret-of-the-vault') : value,
  ]);
  try {
    loadConfig(Object.fromEntries(resolved));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ setting, message }) => `the app refuses setting ${setting}: ${message}`);
  }
};

export const plainSecrets = ({ settings }: Deployment): string[] =>
  Object.entries(settings).flatMap(([name, value]) => {
    if (isReference(value)) return [];
    const own = described.find((setting) => setting.name === name);
    const isSecret = own?.secret ?? name.startsWith('SQ_KEY_');
    if ((!isSecret || worthlessAlone.has(name)) && !looksSecret.test(value)) return [];
    return [`app setting ${name} is a secret in plain text`];
  });

export const danglingReferences = ({ settings, all }: Deployment): string[] => {
  const secrets = new Set(all('Microsoft.KeyVault/vaults/secrets').map(({ name }) => name));
  return Object.entries(settings)
    .filter(([, value]) => isReference(value))
    .flatMap(([name, value]) => {
      const [, vault, secret] = reference.exec(value) ?? [];
      if (secrets.has(`${vault}/${secret}`)) return [];
      return [`app setting ${name} refers to a secret that is not in the vault: ${secret ?? value}`];
    });
};
