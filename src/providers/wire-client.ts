import type { OpenAI } from 'openai';

export type Fetch = typeof globalThis.fetch;

/** Exactly these headers leave: the SDK would add a dozen of its own, and any that OPENAI_CUSTOM_HEADERS names. */
const lean = (fetch: Fetch): Fetch => {
  return (url, init) => {
    const given = init?.headers as Headers;
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'study-query-llm' };
    const authorization = given.get('authorization');
    if (authorization !== null) headers.authorization = authorization;
    if (init?.body) headers['content-type'] = 'application/json';
    return fetch(url, { ...init, headers });
  };
};

/**
 * The `openai` client of one endpoint, loaded at the first call: the package takes about 150 ms that a cold start
 * shouldn't pay. Everything it would read from the environment is stated here, and it never retries.
 *
 * @param options.baseUrl such as `https://api.openai.com/v1`.
 */
export const createWireClient = (options: { baseUrl: string; fetch: Fetch }): (() => Promise<OpenAI>) => {
  let client: Promise<OpenAI> | null = null;
  const load = async (): Promise<OpenAI> => {
    const { OpenAI } = await import('openai');
    return new OpenAI({
      baseURL: options.baseUrl,
      // The key goes with each request, so that the client never holds it.
      apiKey: 'sent-with-each-request',
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      logLevel: 'off',
      maxRetries: 0,
      fetch: lean(options.fetch),
    });
  };
  return () => {
    client ??= load();
    return client;
  };
};
