import { z } from 'zod';
import { EndpointUrl } from './provider-settings.ts';
import { integer, secret, setting } from './setting.ts';

/** `Authorization=AAD`, as the platform writes it for a system-assigned identity, or with the client id of another before or behind. */
export const entraAuthentication =
  /^(?:ClientId=(?<before>[0-9a-f-]{36});)?Authorization=AAD(?:;ClientId=(?<behind>[0-9a-f-]{36}))?;?$/i;

/** Who is told what happened: Langfuse with questions and answers, Application Insights without. */
export const telemetrySettings = {
  LANGFUSE_PUBLIC_KEY: setting(secret().optional(), {
    about: 'Public key of a Langfuse project; with the secret one it switches traces in Langfuse on.',
    secret: true,
  }),
  LANGFUSE_SECRET_KEY: setting(secret().optional(), {
    about: 'Secret key of the Langfuse project.',
    secret: true,
  }),
  LANGFUSE_BASE_URL: setting(EndpointUrl.default('https://cloud.langfuse.com'), {
    about: 'Address of Langfuse: the European cloud, `https://us.cloud.langfuse.com`, or your own.',
    reason: 'Prompts and answers go there.',
  }),
  LANGFUSE_PROJECT_ID: setting(
    z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be the id from the address of the project')
      .optional(),
    {
      about:
        'Id of the Langfuse project, from its address; with it every traced inference has the address of its trace (`traceUrl`).',
      reason: 'The keys alone do not tell it, and nothing is asked of Langfuse to answer a request.',
    },
  ),
  APPLICATIONINSIGHTS_CONNECTION_STRING: setting(
    secret(
      /(^|;)InstrumentationKey=[^;]+/i,
      'must be the connection string of Application Insights',
    ).optional(),
    {
      about:
        'Connection string of Application Insights; switches requests, inferences without their content, and metrics there on.',
      secret: true,
    },
  ),
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: setting(
    z
      .string()
      .regex(entraAuthentication, 'must be Authorization=AAD, with ;ClientId=… for another identity')
      .optional(),
    {
      about:
        '`Authorization=AAD`: signs in to Application Insights with an Entra token, of the identity named by `;ClientId=…` or of the app.',
      reason: 'The connection string alone lets anybody write who has seen it.',
    },
  ),
  SQ_TRACE_CONTENT: setting(z.enum(['full', 'masked', 'none']).default('full'), {
    about:
      'What Langfuse gets of prompts, answers and labels: all, without e-mail addresses, telephone and card numbers, or nothing. Application Insights never gets any.',
    reason: 'Whoever gives the keys of a Langfuse project wants to read prompts there.',
  }),
  SQ_TRACE_FLUSH_MS: setting(integer(100, 4000).default(3000), {
    about: 'How long telemetry may take to be sent, each time, in ms.',
    reason: 'The platform leaves a worker that it ends 4.5 s.',
  }),
};
