import type { z } from 'zod';
import type { SettingFault } from './config-error.ts';
import { identityFaults } from './identity-faults.ts';
import { Settings } from './settings.ts';
import { telemetryFaults } from './telemetry-config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What shares our prefix: the caller's address and key, keys of compatible providers, and what tests and scripts want. */
const foreignSettings = /^SQ_(URL|KEY|KEY_[A-Z0-9_]+|CHROMIUM|TEST_[A-Z_]+|POSTGRES_ROOT)$/;
const unresolvedReference = '@Microsoft.KeyVault(';

/** Whether a variable of the environment is meant for this program. */
export const isOurs = (name: string) =>
  name in Settings.shape || name.startsWith('SQ_') || name.startsWith('AOAI_');

/** One zod issue as a fault: the setting's name, and the place inside its JSON. */
export const toFault = (issue: z.core.$ZodIssue, given: Environment): SettingFault => {
  const [setting, ...inside] = issue.path.map(String);
  const place = inside.length > 0 ? `at ${inside.join('.')}: ` : '';
  const name = setting ?? '';
  return { setting: name, message: given[name] === undefined ? 'is missing' : `${place}${issue.message}` };
};

/** A Key Vault reference that stayed unresolved arrives as its literal text. */
export const referenceFaults = (given: Environment): SettingFault[] =>
  Object.entries(given)
    .filter(([, value]) => value?.startsWith(unresolvedReference))
    .map(([setting]) => ({ setting, message: 'is a Key Vault reference that the platform did not resolve' }));

/** A misspelt setting would be ignored in silence. */
export const unknownFaults = (given: Environment): SettingFault[] =>
  Object.keys(given)
    .filter((name) => !(name in Settings.shape) && !foreignSettings.test(name))
    .map((setting) => ({ setting, message: 'is not a setting of this program' }));

/** What embeds: each provider that is switched on, with its declared models; null: it takes any name. */
const embeddingModels = (settings: Settings): Map<string, readonly string[] | null> =>
  new Map([
    ...settings.SQ_ECHO.map(({ name }) => [name, null] as const),
    ...(settings.AOAI_DEPLOYMENTS
      ? [['azure', settings.AOAI_DEPLOYMENTS.map(({ name }) => name)] as const]
      : []),
    ...(settings.SQ_OPENAI_KEY ? [['openai', null] as const] : []),
    ...settings.SQ_COMPATIBLE_PROVIDERS.filter(({ capabilities }) => capabilities?.embed).map(
      ({ name, models }) => [name, models?.map(({ id }) => id) ?? null] as const,
    ),
  ]);

/** What no single setting can tell. */
export const combinationFaults = (settings: Settings, given: Environment): SettingFault[] => {
  const faults = [...identityFaults(settings, given), ...telemetryFaults(settings)];
  const wants = (condition: boolean, setting: string, message: string) => {
    if (!condition) faults.push({ setting, message });
  };
  if (settings.AOAI_ENDPOINT) {
    wants(
      settings.AOAI_DEPLOYMENTS !== undefined,
      'AOAI_DEPLOYMENTS',
      'is missing, though AOAI_ENDPOINT is set',
    );
    wants(
      settings.AOAI_AUTH === 'entra' || settings.AOAI_KEY !== undefined,
      'AOAI_KEY',
      'is missing, though AOAI_AUTH is key',
    );
  } else {
    wants(settings.AOAI_KEY === undefined, 'AOAI_ENDPOINT', 'is missing, though AOAI_KEY is set');
    wants(
      settings.AOAI_DEPLOYMENTS === undefined,
      'AOAI_ENDPOINT',
      'is missing, though AOAI_DEPLOYMENTS is set',
    );
  }
  wants(
    settings.SQ_DEFAULT_MAX_OUTPUT_TOKENS <= settings.SQ_MAX_OUTPUT_TOKENS,
    'SQ_DEFAULT_MAX_OUTPUT_TOKENS',
    'is above SQ_MAX_OUTPUT_TOKENS',
  );
  for (const { keySetting } of settings.SQ_COMPATIBLE_PROVIDERS) {
    if (keySetting)
      wants(
        given[keySetting] !== undefined,
        keySetting,
        'is missing, though SQ_COMPATIBLE_PROVIDERS names it',
      );
  }
  const names = [
    'azure',
    'openai',
    'hyperbolic',
    ...settings.SQ_COMPATIBLE_PROVIDERS.map(({ name }) => name),
    ...settings.SQ_ECHO.map(({ name }) => name),
  ];
  const unlimited = Object.keys(settings.SQ_PROVIDER_LIMITS).find((name) => !names.includes(name));
  wants(unlimited === undefined, 'SQ_PROVIDER_LIMITS', `names ${unlimited}, which is no provider`);
  if (settings.SQ_EMBEDDING) {
    const { provider, model } = settings.SQ_EMBEDDING;
    const models = embeddingModels(settings).get(provider);
    wants(models !== undefined, 'SQ_EMBEDDING', `names ${provider}, which is no provider that embeds`);
    wants(
      !models || models.includes(model),
      'SQ_EMBEDDING',
      `names a model that ${provider} does not declare`,
    );
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  wants(
    twice === undefined,
    settings.SQ_ECHO.some(({ name }) => name === twice) ? 'SQ_ECHO' : 'SQ_COMPATIBLE_PROVIDERS',
    `uses the provider name ${twice} twice`,
  );
  return faults;
};
