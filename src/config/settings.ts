import { z } from 'zod';
import { identitySettings } from './identity-settings.ts';
import {
  AzureDeployments,
  CompatibleProviders,
  ContainerUrl,
  EchoInstances,
  EmbeddingTarget,
  EndpointUrl,
  ProviderLimits,
} from './provider-settings.ts';
import { Secret } from './secret.ts';
import { flag, integer, json, secret, setting } from './setting.ts';
import { telemetrySettings } from './telemetry-settings.ts';

/** The whole environment of the product: every setting once, with the reason for its limit. */
export const Settings = z.object({
  DATABASE_URL: setting(
    z
      .string()
      .regex(/^postgres(ql)?:\/\/\S+$/, 'must be a postgresql:// address')
      .transform((text) => new Secret(text)),
    { about: 'PostgreSQL 15 or newer, with the extensions `vector` and `pg_trgm` available.', secret: true },
  ),
  DATABASE_REPLICA_URL: setting(
    z
      .string()
      .regex(/^postgres(ql)?:\/\/\S+$/, 'must be a postgresql:// address')
      .transform((text) => new Secret(text))
      .optional(),
    {
      about:
        'A read-only replica of the database, for the figures of studies; signs in as `SQ_DATABASE_AUTH` says. Left out: they are read from `DATABASE_URL`.',
      reason: 'Figures say `asOf`, the moment to which the replica had followed.',
      secret: true,
    },
  ),
  SQ_DATABASE_AUTH: setting(z.enum(['password', 'entra']).default('password'), {
    about:
      'How to sign in to the database: with the password in `DATABASE_URL`, or with an Entra token; then the address has the name of the identity as user, no password, and `sslmode=require`.',
  }),
  SQ_DATABASE_POOLER: setting(z.enum(['none', 'pgbouncer']).default('none'), {
    about:
      'What stands between app and database. With `pgbouncer` the time limits of statements are left to the database: set `statement_timeout` and `idle_in_transaction_session_timeout` (30 s each) on the role.',
    reason: 'PgBouncer refuses a connection that states them at its start.',
  }),
  SQ_MIGRATE_URL: setting(
    z
      .string()
      .regex(/^postgres(ql)?:\/\/\S+$/, 'must be a postgresql:// address')
      .transform((text) => new Secret(text))
      .optional(),
    {
      about:
        'Address under which the app itself brings its database to the newest schema, before its first request: the database itself, never a pooler. Signs in as `SQ_DATABASE_AUTH` says. Left out: somebody else migrates.',
      reason: 'In Azure only the app can sign in as its own identity; several instances wait for each other.',
      secret: true,
    },
  ),
  SQ_DATABASE_POOL_SIZE: setting(integer(2, 50).default(4), {
    about: 'Connections of one instance.',
    reason:
      'Group commit keeps two statements in flight each for beginning and settling runs, so 4 is enough; small, because instances multiply it and the server counts connections.',
  }),
  SQ_ADMIN_KEY: setting(
    secret(/^sq_[A-Za-z0-9_-]{43}$/, 'must be sq_ and 43 characters of base64url').optional(),
    {
      about: 'The first key, with scope `admin`: use it to create the others, then revoke it.',
      secret: true,
    },
  ),
  ...identitySettings,
  SQ_HTTP_STREAM: setting(flag.default(true), {
    about: 'Functions HTTP streams. When off, streamed answers arrive in one piece at the end.',
    reason: 'The platform has faults with streaming on that no handler can mend: see SECURITY.md.',
  }),
  SQ_COOKIE_SECURE: setting(flag.default(true), {
    about: 'Marks the session cookie `Secure`.',
    reason: 'Off only for plain HTTP on this machine; `npm start` switches it off.',
  }),
  SQ_LOG_LEVEL: setting(z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'), {
    about: 'What is logged.',
  }),
  ...telemetrySettings,
  SQ_ARTIFACTS_DIR: setting(z.string().min(1).optional(), {
    about:
      'Folder of large files, such as uploads on their way in. Without it `study-query-llm` below the temporary folder of the system; `npm start` uses its data folder.',
    reason: 'In Azure the folder of the app can only be read.',
  }),
  SQ_ARTIFACTS_URL: setting(ContainerUrl.optional(), {
    about:
      'Container of Azure Blob Storage for large files, such as `https://NAME.blob.core.windows.net/artifacts`; takes the place of the folder.',
    reason: 'Several instances see one container; each has a temporary folder of its own.',
  }),
  SQ_MAX_INPUT_TOKENS: setting(integer(1, 10_000_000).default(200_000), {
    about: 'Longest input of one inference, in tokens; refused before anything is sent.',
    reason: 'A slip of the caller must not cost more than a few dollars.',
  }),
  SQ_DEFAULT_MAX_OUTPUT_TOKENS: setting(integer(1, 1_000_000).default(4096), {
    about: 'Sent when the caller gives no `maxOutputTokens`.',
    reason: 'A bound is always sent: without one, no cost is foreseeable.',
  }),
  SQ_MAX_OUTPUT_TOKENS: setting(integer(1, 1_000_000).default(32_768), {
    about: 'Largest `maxOutputTokens` a caller may ask for.',
    reason: 'The output is the expensive half.',
  }),
  SQ_DEFAULT_DEADLINE_MS: setting(integer(100, 480_000).default(120_000), {
    about: 'How long an inference may take, all attempts together, when the caller does not say, in ms.',
    reason: 'At most 8 minutes: past the 10 minutes of `functionTimeout` the host kills the worker.',
  }),
  SQ_DEFAULT_MAX_ATTEMPTS: setting(integer(1, 10).default(3), {
    about: 'How often an inference is tried when the caller does not say.',
  }),
  SQ_LEASE_GRACE_MS: setting(integer(1000, 300_000).default(30_000), {
    about: 'How long past its deadline a question may still be settled before it counts as lost, in ms.',
    reason: 'An answer that was paid for should survive a short absence of the database.',
  }),
  SQ_BATCH_STALL_MS: setting(integer(1000, 3_600_000).default(300_000), {
    about: 'A batch that could go on, and has not for so long, gets a new orchestration, in ms.',
    reason: 'Azure Storage gives an activity of a killed worker back after five minutes.',
  }),
  SQ_EXPORT_AT_ONCE_BYTES: setting(integer(1, 67_108_864).default(16_777_216), {
    about: 'An export that is no larger is made while its caller waits, in bytes; more is a job of its own.',
    reason: 'Whoever waits longer than some seconds wants to see how far it is.',
  }),
  AOAI_ENDPOINT: setting(EndpointUrl.optional(), {
    about: 'Address of the Azure OpenAI resource, such as `https://NAME.openai.azure.com`.',
  }),
  AOAI_AUTH: setting(z.enum(['key', 'entra']).default('entra'), {
    about: 'How to sign in to Azure OpenAI: with `AOAI_KEY`, or with an Entra token.',
  }),
  AOAI_KEY: setting(secret().optional(), {
    about: 'Key of the resource, for `AOAI_AUTH=key`.',
    secret: true,
  }),
  AOAI_SCOPE: setting(z.string().min(1).default('https://ai.azure.com/.default'), {
    about: 'Scope of the Entra token; older resources want `https://cognitiveservices.azure.com/.default`.',
  }),
  AOAI_CLIENT_ID: setting(z.guid().optional(), {
    about:
      'Client id of the user-assigned identity that asks for tokens for Azure OpenAI, where it is another one than `AZURE_CLIENT_ID`.',
  }),
  AOAI_DEPLOYMENTS: setting(json(AzureDeployments).optional(), {
    about: 'JSON list of `{name, family, contextTokens?}`: a deployment name hides its model family.',
  }),
  SQ_OPENAI_KEY: setting(secret().optional(), {
    about: 'Key of OpenAI; switches `openai` on.',
    secret: true,
  }),
  SQ_OPENAI_BASE_URL: setting(EndpointUrl.default('https://api.openai.com/v1'), {
    about: 'Address of the OpenAI API.',
  }),
  SQ_HYPERBOLIC_KEY: setting(secret().optional(), {
    about: 'Key of Hyperbolic; switches `hyperbolic` on.',
    secret: true,
  }),
  SQ_HYPERBOLIC_BASE_URL: setting(EndpointUrl.default('https://api.hyperbolic.xyz/v1'), {
    about: 'Address of the Hyperbolic API.',
  }),
  SQ_COMPATIBLE_PROVIDERS: setting(json(CompatibleProviders).default([]), {
    about:
      'JSON list of further OpenAI-compatible endpoints: `{name, baseUrl, keySetting?, models?, capabilities?}`. `keySetting` names a setting `SQ_KEY_…` that holds the key.',
  }),
  SQ_ECHO: setting(json(EchoInstances).default([{ name: 'echo' }]), {
    about:
      'JSON list of offline providers: `{name, latencyMs?, latencyJitterMs?, outputTokens?, failureRate?, rateLimitRate?, filterRate?}`. `[]` switches them off.',
  }),
  SQ_PROVIDER_LIMITS: setting(json(ProviderLimits).default({}), {
    about:
      'JSON object, by provider: `{"openai": {"concurrency"?, "requestsPerMinute"?, "tokensPerMinute"?}}`. They hold over all processes on one database; `concurrency` is for batches, the others count single inferences too.',
    reason: 'Better to wait here than to be refused there.',
  }),
  SQ_EMBEDDING: setting(EmbeddingTarget.optional(), {
    about:
      'Which model embeds prompts for search by meaning, as `provider/model`, or `none`. Left out: `echo-embedding` of the first offline provider, which knows words and no meaning; without one, none.',
    reason: 'Another model has vectors of its own: every prompt is embedded, and paid for, once more.',
  }),
  SQ_EMBEDDING_DIMENSIONS: setting(integer(1, 4000).optional(), {
    about:
      'How long its vectors are to be, for models that can shorten them. Left out: as long as it makes them.',
    reason: 'No index goes further; above 2,000 it is in half precision.',
  }),
});
export type Settings = z.infer<typeof Settings>;
