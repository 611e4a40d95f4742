import type { SettingFault } from './config-error.ts';
import { KeyVaultName, readSecretSetting } from './secret-setting.ts';
import type { Settings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A token in the place of a password goes over the wire as it is. */
const databaseFaults = (settings: Settings): SettingFault[] =>
  settings.SQ_DATABASE_AUTH === 'password'
    ? []
    : (['DATABASE_URL', 'SQ_MIGRATE_URL', 'DATABASE_REPLICA_URL'] as const).flatMap((setting) => {
        const address = settings[setting]?.reveal();
        return address === undefined ? [] : addressFaults(setting, address);
      });

const addressFaults = (setting: string, address: string): SettingFault[] => {
  const fault = (message: string) => [{ setting, message }];
  if (!URL.canParse(address)) return fault('cannot be read as an address');
  const { username, password, hostname, searchParams } = new URL(address);
  if (password !== '' || searchParams.has('password'))
    return fault('has a password, though SQ_DATABASE_AUTH is entra');
  if (username === '') return fault('names no user, though SQ_DATABASE_AUTH is entra');
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return isHere || searchParams.get('sslmode') === 'require'
    ? []
    : fault('must end with ?sslmode=require, because SQ_DATABASE_AUTH is entra');
};

const vaultFaults = (settings: Settings, given: Environment): SettingFault[] => {
  const keySettings = settings.SQ_COMPATIBLE_PROVIDERS.flatMap(({ keySetting }) => keySetting ?? []);
  const malformed = keySettings.filter((name) => readSecretSetting(given[name] ?? '') === null);
  const inVault = [
    ...Object.entries(settings).flatMap(([name, value]) => (value instanceof KeyVaultName ? [name] : [])),
    ...keySettings.filter((name) => readSecretSetting(given[name] ?? '') instanceof KeyVaultName),
  ];
  return [
    ...malformed.map((setting) => ({ setting, message: KeyVaultName.wish })),
    ...(settings.SQ_KEY_VAULT_URL === undefined && inVault.length > 0
      ? [{ setting: 'SQ_KEY_VAULT_URL', message: `is missing, though ${inVault.join(', ')} is keyvault:…` }]
      : []),
  ];
};

const entraFaults = (settings: Settings): SettingFault[] => {
  const given = (
    [
      'SQ_ENTRA_AUDIENCE',
      'SQ_ENTRA_TENANTS',
      'SQ_ENTRA_ISSUER',
      'SQ_ENTRA_GROUPS',
      'SQ_ENTRA_ROLES',
      'SQ_ENTRA_CLIENT_ID',
      'SQ_ENTRA_SCOPE',
      'SQ_ENTRA_AUTHORITY',
    ] as const
  ).find((name) => settings[name] !== undefined);
  if (given === undefined) return [];
  const ofDashboard = settings.SQ_ENTRA_SCOPE ?? settings.SQ_ENTRA_AUTHORITY;
  const missing = [
    settings.SQ_ENTRA_AUDIENCE === undefined ? 'SQ_ENTRA_AUDIENCE' : [],
    settings.SQ_ENTRA_ROLES === undefined ? 'SQ_ENTRA_ROLES' : [],
    // An issuer may be the one of all tenants in the world; a tenant is one that somebody chose.
    settings.SQ_ENTRA_TENANTS === undefined && settings.SQ_ENTRA_ISSUER === undefined
      ? 'SQ_ENTRA_TENANTS'
      : [],
    ofDashboard !== undefined && settings.SQ_ENTRA_CLIENT_ID === undefined ? 'SQ_ENTRA_CLIENT_ID' : [],
    // Nothing tells where the people of another cloud sign in.
    settings.SQ_ENTRA_ISSUER !== undefined &&
    settings.SQ_ENTRA_CLIENT_ID !== undefined &&
    settings.SQ_ENTRA_AUTHORITY === undefined
      ? 'SQ_ENTRA_AUTHORITY'
      : [],
  ].flat();
  return missing.map((setting) => ({ setting, message: `is missing, though ${given} is set` }));
};

/** What does not fit together among the settings of signing in: the app's to Azure, callers' to the app. */
export const identityFaults = (settings: Settings, given: Environment): SettingFault[] => [
  ...databaseFaults(settings),
  ...vaultFaults(settings, given),
  ...entraFaults(settings),
];
