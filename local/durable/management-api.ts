import { clientEvent, type DurableEngine } from './durable-engine.ts';
import { isTerminal } from './durable-records.ts';
import type { InstanceFilter } from './durable-store.ts';
import { managementPath, startedBody } from './management-urls.ts';
import { shownHistory, statusBody, statusCode } from './status-answer.ts';

export type ManagementRequest = {
  method: string;
  /** Path and query as they stand in the request line. */
  target: string;
  /** Scheme and host as the caller wrote them. */
  origin: string;
  contentType: string;
  continuationToken: string | null;
  body: string;
};

export type ManagementAnswer = { status: number; headers: Record<string, string>; body: string };

const pageSize = 100;

const empty = (status: number): ManagementAnswer => ({ status, headers: {}, body: '' });

const json = (status: number, value: unknown, headers: Record<string, string> = {}): ManagementAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(value),
});

/** Ids are decoded twice in Azure; a slash in one matches no route there, escaped or not. */
const decodeId = (text: string): string => {
  try {
    return decodeURIComponent(decodeURIComponent(text));
  } catch {
    return text;
  }
};

const isTrue = (text: string | null): boolean => text?.toLowerCase() === 'true';

const statuses = ['Pending', 'Running', 'Completed', 'Failed', 'Terminated', 'Suspended'];

/** Unknown statuses and unreadable dates filter nothing, as there. */
const readFilter = (query: URLSearchParams): InstanceFilter => {
  const time = (name: string): number | null => {
    const value = Date.parse(query.get(name) ?? '');
    return Number.isNaN(value) ? null : value;
  };
  const wanted = (query.get('runtimeStatus') ?? '').split(',');
  return {
    statuses: wanted.filter((status) => statuses.includes(status)),
    createdFrom: time('createdTimeFrom'),
    createdTo: time('createdTimeTo'),
  };
};

/** Answers the calls of the extension's HTTP API below `/runtime/webhooks/durabletask`. Other paths are 404. */
export const createManagementApi = (options: {
  engine: DurableEngine;
  hub: string;
}): ((request: ManagementRequest) => ManagementAnswer) => {
  const { engine, hub } = options;
  const { store, clock } = engine;

  const accepted = (request: ManagementRequest, id: string): ManagementAnswer => {
    const body = startedBody(request.origin, hub, id);
    return json(202, body, { location: body.statusQueryGetUri, 'retry-after': '10' });
  };

  const start = (request: ManagementRequest, name: string, id: string | null): ManagementAnswer => {
    let input: string | null = null;
    try {
      if (request.body.trim() !== '') input = JSON.stringify(JSON.parse(request.body));
    } catch (error) {
      return json(400, { Message: 'Invalid JSON content', ExceptionMessage: String(error) });
    }
    const started = engine.start(name, id, input);
    if ('id' in started) return accepted(request, started.id);
    const Message = `An Orchestration instance with the status ${started.conflict} already exists.`;
    return json(409, { Message });
  };

  const status = (request: ManagementRequest, id: string, query: URLSearchParams): ManagementAnswer => {
    const instance = store.instance(id);
    if (instance === null) return empty(404);
    const body = statusBody(instance, query.get('showInput')?.toLowerCase() !== 'false');
    if (isTrue(query.get('showHistory'))) {
      body.historyEvents = shownHistory(store.history(id), isTrue(query.get('showHistoryOutput')));
    }
    const code = statusCode(instance, isTrue(query.get('returnInternalServerErrorOnFailure')));
    if (code !== 202) return json(code, body);
    return json(code, body, { location: request.origin + request.target, 'retry-after': '5' });
  };

  const list = (request: ManagementRequest, query: URLSearchParams): ManagementAnswer => {
    const top = Number(query.get('top') ?? 0) || pageSize;
    const first = Buffer.from(request.continuationToken ?? '', 'base64').toString('utf8');
    const prefix = query.get('instanceIdPrefix') ?? '';
    const found = store
      .instances(readFilter(query), first, prefix === '' ? top + 1 : Number.MAX_SAFE_INTEGER)
      .filter(({ id }) => id.startsWith(prefix));
    const page = found.slice(0, top);
    const next = found[top];
    const showInput = query.get('showInput')?.toLowerCase() !== 'false';
    return json(
      200,
      page.map((instance) => statusBody(instance, showInput)),
      next === undefined ? {} : { 'x-ms-continuation-token': Buffer.from(next.id).toString('base64') },
    );
  };

  const raise = (request: ManagementRequest, id: string, name: string): ManagementAnswer => {
    const instance = store.instance(id);
    if (instance === null) return empty(404);
    if (isTerminal(instance.status)) return empty(410);
    if (!request.contentType.toLowerCase().startsWith('application/json')) {
      return json(400, { Message: 'Only application/json request content is supported' });
    }
    let input: string;
    try {
      input = JSON.stringify(JSON.parse(request.body));
    } catch (error) {
      return json(400, { Message: 'Invalid JSON content', ExceptionMessage: String(error) });
    }
    engine.send(id, clientEvent.raise(name, input, clock.now()));
    return empty(202);
  };

  const change = (
    kind: 'terminate' | 'suspend' | 'resume',
    id: string,
    query: URLSearchParams,
  ): ManagementAnswer => {
    const outcome = engine.send(id, clientEvent[kind](query.get('reason'), clock.now()));
    return empty({ sent: 202, ended: 410, unknown: 404 }[outcome]);
  };

  const restart = (request: ManagementRequest, id: string, query: URLSearchParams): ManagementAnswer => {
    const instance = store.instance(id);
    if (instance === null) {
      return json(400, { Message: 'InstanceId does not match a valid orchestration instance.' });
    }
    const sameId = query.get('restartWithNewInstanceId')?.toLowerCase() === 'false';
    const started = engine.start(instance.name, sameId ? id : null, instance.input);
    if ('id' in started) return accepted(request, started.id);
    return json(409, { Message: 'A non-terminal instance with this instance ID already exists.' });
  };

  const purge = (id: string): ManagementAnswer => {
    const instance = store.instance(id);
    if (instance === null) return empty(404);
    if (!isTerminal(instance.status)) {
      const text = `Only orchestrations in a terminal state can be purged, but the orchestration with instance ID ${id} has status ${instance.status}`;
      return json(412, text);
    }
    engine.purge([id]);
    return json(200, { instancesDeleted: 1 });
  };

  const purgeBy = (query: URLSearchParams): ManagementAnswer => {
    const filter = readFilter(query);
    if (filter.createdFrom === null)
      return json(400, "Please provide value for 'createdTimeFrom' parameter.");
    const ids = store
      .instances(filter, '', Number.MAX_SAFE_INTEGER)
      .filter(({ status: now }) => isTerminal(now))
      .map(({ id }) => id);
    if (ids.length === 0) return empty(404);
    engine.purge(ids);
    return json(200, { instancesDeleted: ids.length });
  };

  const ofInstance = (
    request: ManagementRequest,
    id: string,
    operation: string[],
    query: URLSearchParams,
  ): ManagementAnswer => {
    const [name = '', argument] = operation;
    if (request.method === 'GET' && name === '') return status(request, id, query);
    if (request.method === 'DELETE' && name === '') return purge(id);
    if (request.method !== 'POST') return empty(404);
    const verb = name.toLowerCase();
    if (verb === 'raiseevent' && argument !== undefined) return raise(request, id, decodeId(argument));
    if (argument !== undefined) return empty(404);
    if (verb === 'terminate' || verb === 'suspend' || verb === 'resume') return change(verb, id, query);
    if (verb === 'restart') return restart(request, id, query);
    if (verb === 'rewind') return json(501, 'The local Durable engine does not rewind.');
    return empty(404);
  };

  return (request) => {
    const url = new URL(request.target, request.origin);
    const query = url.searchParams;
    const [noun = '', first = '', ...rest] = url.pathname.slice(managementPath.length).split('/').slice(1);
    const kind = noun.toLowerCase();
    if (kind === 'orchestrators' && request.method === 'POST' && first !== '' && rest.length <= 1) {
      const id = rest[0] === undefined || rest[0] === '' ? null : decodeId(rest[0]);
      return start(request, decodeId(first), id);
    }
    if (kind === 'instances' && first === '') {
      if (request.method === 'GET') return list(request, query);
      return request.method === 'DELETE' ? purgeBy(query) : empty(404);
    }
    if (kind === 'instances') return ofInstance(request, decodeId(first), rest, query);
    if (kind === 'entities') return json(501, 'The local Durable engine has no entities.');
    return empty(404);
  };
};
