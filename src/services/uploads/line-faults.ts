import type { ZodError } from 'zod';
import { describeIssue } from '../../contract/describe-issue.ts';
import { jsonPointer } from '../../contract/json-pointer.ts';
import type { FieldFault } from '../../errors.ts';

type Issue = ZodError['issues'][number];

/** More would only repeat themselves. */
const mostFaults = 20;

const depthOf = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));

/** Of several forms that a value may have, the one it comes closest to: the one whose fault lies deepest. */
const closestForm = ({ errors }: Extract<Issue, { code: 'invalid_union' }>): readonly Issue[] => {
  const [first = [], ...others] = errors;
  const closest = others.reduce((best, form) => (depthOf(form) > depthOf(best) ? form : best), first);
  return depthOf(closest) > 0 ? closest : [];
};

const faultsOf = (issue: Issue, above: readonly PropertyKey[]): FieldFault[] => {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: jsonPointer([...path, key]), message: 'is not supported' }));
  }
  if (issue.code === 'invalid_union') {
    const inner = closestForm(issue);
    if (inner.length > 0) return inner.flatMap((each) => faultsOf(each, path));
  }
  return [{ pointer: jsonPointer(path), message: describeIssue(issue) }];
};

/** A schema's complaints about a line as faults below its place. They name fields and never repeat a value. */
export const lineFaults = (place: string, { issues }: Pick<ZodError, 'issues'>): FieldFault[] =>
  issues
    .flatMap((issue) => faultsOf(issue, []))
    .slice(0, mostFaults)
    .map(({ pointer, message }) => ({ pointer: `${place}${pointer}`, message }));
