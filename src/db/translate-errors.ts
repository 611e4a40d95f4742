import { AppError } from '../errors.ts';
import { isUnavailable } from './is-unavailable.ts';

/** The database's own reason may name hosts and users, so it stays in `cause`, for the log. */
const toAppError = (error: unknown): unknown =>
  isUnavailable(error) && !(error instanceof AppError && error.code === 'database_unavailable')
    ? new AppError('database_unavailable', 'The database does not answer.', { retryable: true, cause: error })
    : error;

type Method = (...given: unknown[]) => Promise<unknown>;

/** The same methods; each failure of theirs has passed `toAppError`. */
export const translateErrors = <Methods extends object>(methods: Methods): Methods =>
  Object.fromEntries(
    Object.entries(methods).map(([name, method]: [string, Method]) => [
      name,
      async (...given: unknown[]) => {
        try {
          return await method(...given);
        } catch (error) {
          throw toAppError(error);
        }
      },
    ]),
  ) as Methods;
