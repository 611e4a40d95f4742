import { Problem } from '../../src/contract/problem.ts';

/** What the API said no with. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

export const isProblemError = (error: unknown): error is ProblemError => error instanceof ProblemError;

/** An answer that is no success, as a problem: a gateway in between writes its own. */
export const problemOf = async (response: Response): Promise<ProblemError> => {
  const body: unknown = await response.json().catch(() => null);
  const parsed = Problem.safeParse(body);
  if (parsed.success) return new ProblemError(parsed.data);
  return new ProblemError({
    type: 'about:blank',
    title: `HTTP ${response.status}`,
    status: response.status,
    detail: `The server answered ${response.status} ${response.statusText}`.trim(),
    code: 'unreadable_answer',
    requestId: response.headers.get('x-request-id') ?? '',
    retryable: response.status >= 500,
    errors: [],
  });
};
