import { Problem } from '../../src/contract/problem.ts';

/** Reads an answer as a problem. @throws when it is none, or states another status or request id than its headers */
export const readProblem = async (response: Response): Promise<Problem> => {
  const problem = Problem.parse(await response.json());
  const type = response.headers.get('content-type');
  const requestId = response.headers.get('x-request-id');
  if (type !== 'application/problem+json') throw new Error(`a problem of type ${type}`);
  if (problem.status !== response.status) throw new Error(`${response.status} states ${problem.status}`);
  if (problem.requestId !== requestId) throw new Error(`${requestId} states ${problem.requestId}`);
  return problem;
};
