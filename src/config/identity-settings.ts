import { z } from 'zod';
import { EntraRoles, guid, LoginAuthority, list, TenantIssuer } from './entra-settings.ts';
import { EndpointUrl } from './provider-settings.ts';
import { integer, json, setting } from './setting.ts';

/** How the app signs in to Azure, where its secrets lie, and which Entra tokens of callers it accepts. */
export const identitySettings = {
  AZURE_CLIENT_ID: setting(z.guid().optional(), {
    about:
      'Client id of the user-assigned identity that the app signs in with everywhere in Azure. Without it `DefaultAzureCredential` looks for one: on a machine of a developer that is `az login`.',
    reason: 'The name is the one that SDKs of Azure know, so that one setting serves all.',
  }),
  SQ_KEY_VAULT_URL: setting(EndpointUrl.optional(), {
    about:
      'Key Vault, such as `https://NAME.vault.azure.net`, from which settings of the form `keyvault:NAME` are read when they are used.',
    reason: 'The app sends a token there, so it is https, or this machine.',
  }),
  SQ_SECRET_TTL_SECONDS: setting(integer(1, 86_400).default(300), {
    about: 'How long a secret from Key Vault is used before it is read again, in seconds.',
    reason: 'A rotated key is in use after at most so long, without a restart.',
  }),
  SQ_ENTRA_AUDIENCE: setting(list(z.string().min(1).max(200)).optional(), {
    about:
      "Lets callers in with Entra access tokens: the audience that their tokens must have, the app registration's client id or `api://…`. Several with commas between.",
  }),
  SQ_ENTRA_TENANTS: setting(list(guid).optional(), {
    about: 'Ids of the tenants whose tokens are accepted, with commas between.',
  }),
  SQ_ENTRA_ISSUER: setting(TenantIssuer.optional(), {
    about:
      'The one issuer that is accepted, for clouds other than the public one. Without it the issuers of `SQ_ENTRA_TENANTS` at `https://login.microsoftonline.com` and `https://sts.windows.net`.',
  }),
  SQ_ENTRA_JWKS_URL: setting(
    EndpointUrl.default('https://login.microsoftonline.com/common/discovery/v2.0/keys'),
    {
      about: 'Where the keys are published that tokens are signed with.',
      reason: 'Never taken from a token: whoever writes a token would then choose its keys.',
    },
  ),
  SQ_ENTRA_GROUPS: setting(list(guid).optional(), {
    about: 'Object ids of groups, with commas between: a token must name one of them in `groups`.',
    reason: 'Without it the roles alone decide.',
  }),
  SQ_ENTRA_ROLES: setting(json(EntraRoles).optional(), {
    about:
      'JSON object from app roles (or object ids of groups) to scopes, such as `{"Researcher": ["study:read", "inference:write"]}`. A token with none of them may do nothing.',
  }),
  SQ_ENTRA_CLIENT_ID: setting(guid.optional(), {
    about:
      'Offers sign-in with Entra on the dashboard: client id of the app registration that has the address of the dashboard, with `/sign-in`, as a redirect URI of a single-page application.',
    reason:
      'It may be the registration whose tokens are accepted, or one of its own. Without it the dashboard takes keys only.',
  }),
  SQ_ENTRA_SCOPE: setting(
    z
      .string()
      .regex(/^[!-~]{1,300}$/, 'is no scope')
      .optional(),
    {
      about:
        'Scope that the dashboard asks for, such as `CLIENT-ID/access_as_user`. Without it `/.default` of the first of `SQ_ENTRA_AUDIENCE`.',
    },
  ),
  SQ_ENTRA_AUTHORITY: setting(LoginAuthority.optional(), {
    about:
      'Where the dashboard signs people in. Without it `https://login.microsoftonline.com/TENANT` of the one tenant, or `/organizations` when there are several.',
    reason: 'The policy of the page lets the browser talk to this host and to no other.',
  }),
};
