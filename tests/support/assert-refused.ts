import { Problem } from '../../src/contract/problem.ts';
import type { MalformedRequest } from './malformed-requests.ts';

type Target = {
  /** Where the target listens, without a path. */
  base: string;
  key: string;
  send(request: Request): Promise<Response>;
  /** Whether a server in front of the app may refuse this one itself, without a body. */
  mayBeEmpty?(malformed: MalformedRequest): boolean;
};

/**
 * Sends a malformed request with a good key (unless it brings a credential of its own).
 * @throws unless it is answered with a 4xx problem, or OpenAI's envelope under `/v1`
 */
export const assertRefused = async (malformed: MalformedRequest, target: Target): Promise<void> => {
  const { base, key, send } = target;
  const { kind, method, path, body, headers } = malformed;
  const request = new Request(base + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...headers },
    ...(body !== undefined && { body: body as BodyInit }),
  });
  const response = await send(request);
  const text = await response.text();
  const fail = (what: string): never => {
    throw new Error(
      `${kind}: ${method} ${path.slice(0, 300)} ${what}: ${response.status} ${text.slice(0, 500)}`,
    );
  };
  if (response.status < 400 || response.status > 499) fail('was not refused');
  if (text === '' && target.mayBeEmpty?.(malformed)) return;
  const type = response.headers.get('content-type');
  if (new URL(request.url).pathname.startsWith('/v1')) {
    if (type !== 'application/json' || !text.startsWith('{"error":{"message":'))
      fail('has not the OpenAI envelope');
    return;
  }
  if (type !== 'application/problem+json') fail(`is a ${type}`);
  const problem = Problem.safeParse(JSON.parse(text));
  if (!problem.success) return fail('is no problem document');
  if (problem.data.status !== response.status) fail('states another status');
  if (problem.data.requestId !== response.headers.get('x-request-id')) fail('states another request id');
  if (problem.data.code === 'internal') fail('is our fault');
};
