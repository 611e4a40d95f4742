import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type StartedServer, startSecureServer, startServer } from './start-server.ts';

type OtlpValue = {
  stringValue?: string;
  intValue?: number | string;
  doubleValue?: number;
  boolValue?: boolean;
};
type OtlpSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: OtlpValue }[];
};
type OtlpBody = { resourceSpans: { scopeSpans: { scope: { name: string }; spans: OtlpSpan[] }[] }[] };

export type LangfuseSpan = Omit<OtlpSpan, 'attributes'> & {
  scope: string;
  attributes: Record<string, unknown>;
};
export type Envelope = {
  name: string;
  tags: Record<string, string>;
  data: {
    baseType: string;
    baseData: {
      name?: string;
      id?: string;
      success?: boolean;
      properties?: Record<string, string>;
      metrics?: { name: string; value: number }[];
    };
  };
};

export type Mode = 'well' | 'hangs' | 'fails';

export type Receiver = StartedServer & {
  mode: Mode;
  /** Bodies as they came, unpacked, and what their requests carried. */
  requests: { path: string; headers: IncomingMessage['headers']; text: string }[];
};

const startReceiver = async (
  start: (handle: RequestListener) => Promise<StartedServer>,
  answer: (path: string, text: string, response: ServerResponse) => void,
): Promise<Receiver> => {
  const receiver: Omit<Receiver, 'url' | 'close'> = { mode: 'well', requests: [] };
  const server = await start(async (request, response) => {
    const bytes = await buffer(request);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
    if (receiver.mode === 'hangs') return;
    if (receiver.mode === 'fails') {
      response.writeHead(500).end('no');
      return;
    }
    const path = request.url ?? '';
    receiver.requests.push({ path, headers: request.headers, text });
    answer(path, text, response);
  });
  return Object.assign(receiver, server);
};

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** Langfuse as far as its OpenTelemetry endpoint goes. Refuses what isn't OTLP as JSON. */
export const startLangfuse = async (): Promise<Receiver & { spans(): LangfuseSpan[] }> => {
  const receiver = await startReceiver(startServer, (path, text, response) => {
    const isTraces = path === '/api/public/otel/v1/traces' && text.startsWith('{"resourceSpans"');
    json(response, isTraces ? 200 : 404, isTraces ? {} : { error: 'unknown' });
  });
  return Object.assign(receiver, {
    spans: () =>
      receiver.requests.flatMap(({ text }) =>
        (JSON.parse(text) as OtlpBody).resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ scope, spans }) =>
            spans.map((span) => ({
              ...span,
              scope: scope.name,
              attributes: Object.fromEntries(
                span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
              ),
            })),
          ),
        ),
      ),
  });
};

/**
 * Application Insights as far as its track endpoint goes: lines or lists of envelopes. Over TLS, as its exporter insists on: whoever
 * sends must trust the local certificate.
 */
export const startInsights = async (): Promise<
  Receiver & { connectionString: string; envelopes(): Envelope[] }
> => {
  const parse = (text: string): Envelope[] =>
    text.startsWith('[') ? JSON.parse(text) : text.split('\n').map((line) => JSON.parse(line));
  const receiver = await startReceiver(startSecureServer, (path, text, response) => {
    if (!path.startsWith('/v2')) return json(response, 404, {});
    const count = parse(text).length;
    return json(response, 200, { itemsReceived: count, itemsAccepted: count, errors: [] });
  });
  return Object.assign(receiver, {
    connectionString: `InstrumentationKey=3c9c9b6e-7c0f-4e5e-9d0a-0123456789ab;IngestionEndpoint=${receiver.url}/`,
    envelopes: () =>
      receiver.requests.filter(({ path }) => path.startsWith('/v2')).flatMap(({ text }) => parse(text)),
  });
};
