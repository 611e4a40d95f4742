import type { HistoryEvent } from '../../local/durable/history-event.ts';
import type { Episode } from './durable-traces.ts';

/** Without stack frames; Jest's errors without a message begin otherwise, too. */
const stackFree = (text: unknown): unknown =>
  typeof text === 'string'
    ? text
        .replace(/\\*n {4}at .*?(?=\\*")/g, '')
        .replace(/\n {4}at [^"]*/g, '')
        .replace(/Error: (?=\\*"|$)/g, 'Error')
    : text;

/** Without times, and with ids of executions replaced. */
export const comparableEvent = (event: HistoryEvent, ids: Map<string, string>): Record<string, unknown> => {
  const { Timestamp, FireAt, ...rest } = event;
  let text = JSON.stringify(rest, (_, value) => stackFree(value));
  for (const [id, name] of ids) text = text.replaceAll(id, name);
  return JSON.parse(text);
};

/** Names for the ids of executions, which differ from run to run. */
export const executionIds = (episodes: Episode[]): Map<string, string> => {
  const ids = new Map<string, string>();
  for (const { input } of episodes) {
    const started = input.history.find((event) => event.EventType === 0);
    const id = started?.OrchestrationInstance?.ExecutionId;
    if (id !== undefined)
      ids.set(id, `execution of ${input.instanceId.replace(/^[0-9a-f-]{32,36}/, 'child')}`);
  }
  return ids;
};

const plainUrl = (text: string): string =>
  text
    .replace(/http:\/\/(<(RPC_)?HOST>|host)\//g, '')
    .replaceAll('<SYSTEM_KEY>', 'local')
    .replaceAll('%3A', ':')
    .replace(/instances\/[0-9a-f]{32}/g, 'instances/GUID');

/** Of another recording in the same task hub. */
const othersInstance = /^s20big/;
const guid = /^[0-9a-f]{8}-[0-9a-f-]{27}$|^[0-9a-f]{32}$/;
const isoTime = /\d{4}-\d\d-\d\dT[\d:.]+Z/;

/** The headers that a client reads. */
export const shownHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => /^(location|retry-after|x-ms-)/i.test(name))
      .map(([name, value]) => [name.toLowerCase(), plainUrl(value)]),
  );

/** A body without times, stacks and generated ids; texts of .NET exceptions only in their first member. */
export const shownBody = (text: string, ids: Map<string, string>): unknown => {
  let plain = plainUrl(text).replace(/(.)\1{999,}/g, (run) => `<${run[0]} x ${run.length}>`);
  for (const [id, name] of ids) plain = plain.replaceAll(id, name);
  try {
    return JSON.parse(plain, (key, value) => {
      if (Array.isArray(value)) return value.filter((entry) => !othersInstance.test(entry?.instanceId));
      if (/Time(stamp)?$|^FireAt$/.test(key)) return null;
      if (/^StackTrace$|^Exception|^\$type$/.test(key)) return undefined;
      const plainValue = stackFree(value);
      return typeof plainValue === 'string'
        ? plainValue.replace(isoTime, 'a time').replace(guid, 'a guid')
        : plainValue;
    });
  } catch {
    return plain;
  }
};
