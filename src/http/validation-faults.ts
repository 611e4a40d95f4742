import type { ZodError } from 'zod';
import { describeIssue } from '../contract/describe-issue.ts';
import { jsonPointer } from '../contract/json-pointer.ts';
import { AppError, type FieldFault } from '../errors.ts';

/** More would only repeat themselves. */
const mostFaults = 20;
const longestPointer = 200;

type Issue = ZodError['issues'][number];
/** Where a validated value came from, in Hono's words. */
type Target = 'json' | 'query' | 'param' | 'header' | 'form' | 'cookie';

/** JSON pointer into the body; `?name` for a query key, and where that holds JSON the place in it; `{name}` of the path; `name:` of the headers. */
const pointerTo = (target: Target, path: readonly PropertyKey[]): string => {
  const first = String(path[0] ?? '');
  if (target === 'query') return `?${first}${jsonPointer(path.slice(1))}`;
  if (target === 'param') return `{${first}}`;
  if (target === 'header' || target === 'cookie') return `${first}:`;
  return jsonPointer(path);
};

const faultsOf = (target: Target, issue: Issue): FieldFault[] => {
  if (issue.code === 'unrecognized_keys') {
    const isQueryKey = target === 'query' && issue.path.length === 0;
    const message = isQueryKey ? 'is not a known query key' : 'is not a known member';
    return issue.keys.slice(0, mostFaults).map((key) => ({
      pointer: pointerTo(target, [...issue.path, key]).slice(0, longestPointer),
      message,
    }));
  }
  return [{ pointer: pointerTo(target, issue.path).slice(0, longestPointer), message: describeIssue(issue) }];
};

/** A schema's complaints as one refusal that names every faulty field, never its value. */
export const toValidationError = (target: Target, error: Pick<ZodError, 'issues'>): AppError =>
  new AppError('invalid_request', 'The request does not fit the contract; `errors` names the places.', {
    faults: error.issues.flatMap((issue) => faultsOf(target, issue)).slice(0, mostFaults),
  });
