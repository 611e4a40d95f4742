import { AsyncLocalStorage } from 'node:async_hooks';
import { type DestinationStream, destination, pino } from 'pino';
import type { LogFields, Logger } from './logger.ts';

type LoggerOptions = {
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Values that must never be written, wherever in a line they turn up. May grow while the logger is in use. */
  secrets?: ReadonlySet<string>;
  /** Where lines go; standard output unless told. */
  write?: (line: string) => void;
};

/** Shapes of credentials that no configuration knows: our own keys, bearer and Entra tokens, passwords in addresses. */
const credentialShapes: readonly [RegExp, string][] = [
  [/sq_[A-Za-z0-9_-]{20,}/g, 'sq_[secret]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, '[token]'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [secret]'],
  // `\b`: without it each letter of a long word would be tried as the beginning of an address.
  [/(\b\w+:\/\/[^\s:/@"]+):[^\s@"]+@/g, '$1:[secret]@'],
];

/** A secret shorter than this would blank out ordinary words. */
const shortestSecret = 6;

/** Strikes known secrets and everything that looks like a credential out of a text. */
export const createRedactor = (secrets: readonly string[]): ((text: string) => string) => {
  // In a line of JSON a secret stands escaped.
  const known = [
    ...new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])),
  ].filter((secret) => secret.length >= shortestSecret);
  return (text) => {
    const withoutKnown = known.reduce((line, secret) => line.replaceAll(secret, '[secret]'), text);
    return credentialShapes.reduce((line, [shape, shown]) => line.replace(shape, shown), withoutKnown);
  };
};

/** The structured log: one JSON object a line, redacted as a whole, so that no field can be forgotten. */
export const createLogger = ({ level, secrets = new Set(), write }: LoggerOptions): Logger => {
  let known = { size: secrets.size, redact: createRedactor([...secrets]) };
  const redact = (line: string): string => {
    if (secrets.size !== known.size) known = { size: secrets.size, redact: createRedactor([...secrets]) };
    return known.redact(line);
  };
  const out: DestinationStream = write ? { write } : destination({ dest: 1, sync: true });
  const context = new AsyncLocalStorage<LogFields>();
  const lines = pino(
    {
      level,
      base: null,
      mixin: () => context.getStore() ?? {},
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
      messageKey: 'message',
    },
    { write: (line: string) => out.write(redact(line)) },
  );
  return {
    debug: (message, fields = {}) => lines.debug(fields, message),
    info: (message, fields = {}) => lines.info(fields, message),
    warn: (message, fields = {}) => lines.warn(fields, message),
    error: (message, fields = {}) => lines.error(fields, message),
    within: (fields, work) => context.run({ ...context.getStore(), ...fields }, work),
  };
};

/** Names, messages and stacks only: the other properties of an error may hold rows, prompts or request bodies. */
const describeError = (error: unknown, depth = 0): unknown => {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const cause = error.cause === undefined || depth >= 3 ? undefined : describeError(error.cause, depth + 1);
  return { name: error.name, message: error.message, code, stack: error.stack, cause };
};
