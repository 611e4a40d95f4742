import { Problem } from '../contract/problem.ts';

const descriptions = {
  400: 'Not valid; `errors` names the places',
  401: 'No key or session, or it is unknown, expired or revoked',
  403: 'The key lacks the scope, or the request comes from another site',
  404: 'There is no such thing',
  409: 'In conflict with the present state',
  413: 'The body is above its limit, 16 MiB where no other is stated',
  415: 'Not a media type that is declared (JSON in UTF-8), or compressed where that is not',
  416: 'The file has no such bytes, or is too large to be sent without a Range',
  422: 'A cap on the cost cannot be kept: a price is unknown',
  429: 'A limit of the provider is reached; see Retry-After',
  500: 'A fault of ours, logged under the request id',
  503: 'Not available for the moment; see Retry-After',
} as const;
type ProblemStatus = keyof typeof descriptions;

const content = { 'application/problem+json': { schema: Problem } };
type ProblemResponse = { description: string; content: typeof content };

/** Problem answers of a route definition: the given ones, and what every route may answer. */
export const problemResponses = <Status extends ProblemStatus>(
  ...statuses: Status[]
): Record<Status | 500 | 503, ProblemResponse> => {
  const all: (Status | 500 | 503)[] = [...statuses, 500, 503];
  const entries = all.map((status) => [status, { description: descriptions[status], content }]);
  return Object.fromEntries(entries);
};
