import type { ServerResponse } from 'node:http';
import { describeError, type HostReport } from './host-report.ts';
import { type AnswerHttp, answerEmpty } from './http-call.ts';
import type { Invoke } from './invoke.ts';
import { dropWithin, joinedHeaders, readBody } from './request-body.ts';
import type { RpcHttpCookie, RpcHttpData, RpcNullable } from './rpc-types.ts';

const nullable = (values: Record<string, string>): Record<string, RpcNullable<string>> => {
  const result: Record<string, RpcNullable<string>> = {};
  for (const [key, value] of Object.entries(values)) result[key] = { value };
  return result;
};

const sameSiteText = { lax: 'lax', strict: 'strict', explicitNone: 'none' } as const;

/** As ASP.NET Core appends a cookie: the value is escaped. */
export const serializeRpcCookie = (cookie: RpcHttpCookie): string => {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  if (cookie.expires) parts.push(`expires=${new Date(cookie.expires.value.seconds * 1000).toUTCString()}`);
  if (cookie.maxAge) parts.push(`max-age=${cookie.maxAge.value}`);
  if (cookie.domain) parts.push(`domain=${cookie.domain.value}`);
  if (cookie.path) parts.push(`path=${cookie.path.value}`);
  if (cookie.secure?.value === true) parts.push('secure');
  if (cookie.sameSite && cookie.sameSite !== 'none') parts.push(`samesite=${sameSiteText[cookie.sameSite]}`);
  if (cookie.httpOnly?.value === true) parts.push('httponly');
  return parts.join('; ');
};

const writeAnswer = (response: ServerResponse, data: RpcHttpData, withBody: boolean): void => {
  const status = Number(data.statusCode ?? '200');
  const headers: Record<string, string | string[]> = {};
  for (const [key, value] of Object.entries(data.headers ?? {})) {
    if (!/^(transfer-encoding|connection|keep-alive)$/i.test(key)) headers[key] = value;
  }
  const cookies = (data.cookies ?? []).map(serializeRpcCookie);
  if (cookies.length > 0) {
    const own = headers['set-cookie'];
    headers['set-cookie'] = typeof own === 'string' ? [own, ...cookies] : cookies;
  }
  const bytes = data.body?.bytes ?? Buffer.from(data.body?.string ?? data.body?.json ?? '');
  if (withBody && status !== 204 && status !== 304) headers['content-length'] = String(bytes.byteLength);
  response.writeHead(status, headers);
  response.end(withBody ? bytes : undefined);
};

/**
 * HTTP without streaming: the whole request goes to the worker as `{http}`, the whole answer comes back so. A body
 * without `Content-Length` never reaches the app; whatever fails is an empty 500 at once.
 */
export const createHttpInvocation = (options: {
  invoke: Invoke;
  report: HostReport;
  maxBodyBytes: number;
}): AnswerHttp => {
  return async ({ request, response, match, target, query }) => {
    let bytes: Buffer | null = null;
    if (request.headers['content-length'] === undefined) {
      const chunked = request.headers['transfer-encoding'] !== undefined;
      if (chunked && !(await dropWithin(request, options.maxBodyBytes))) return answerEmpty(response, 500);
    } else {
      const body = await readBody(request, options.maxBodyBytes);
      if (body.tooLarge) return answerEmpty(response, 500);
      bytes = body.bytes;
    }

    const headers = joinedHeaders(request.rawHeaders);
    const queryValues: Record<string, string> = {};
    if (query !== '') {
      for (const [key, value] of new URLSearchParams(query)) {
        queryValues[key] = Object.hasOwn(queryValues, key) ? `${queryValues[key]},${value}` : value;
      }
    }
    const http: RpcHttpData = {
      method: request.method ?? 'GET',
      url: `http://${headers.host ?? 'localhost'}${target}`,
      nullableHeaders: nullable(headers),
      nullableQuery: nullable(queryValues),
      nullableParams: nullable(match.values),
      ...(bytes !== null && bytes.length > 0 ? { body: { bytes } } : {}),
    };
    try {
      const { functionName, bindingName } = match.route;
      const answer = await options.invoke(functionName, [{ name: bindingName, data: { http } }], {});
      if (answer.returnValue?.http) {
        writeAnswer(response, answer.returnValue.http, request.method !== 'HEAD');
      } else {
        options.report.log(`function ${functionName} returned no HTTP answer`);
        answerEmpty(response, 500);
      }
    } catch (error) {
      options.report.log(`function ${match.route.functionName} failed: ${describeError(error)}`);
      answerEmpty(response, 500);
    }
  };
};
