import type { AppError } from '../errors.ts';

/** Whether a path belongs to the OpenAI-compatible API, whose clients expect OpenAI's own error envelope. */
export const isOpenaiPath = (path: string): boolean => path === '/v1' || path.startsWith('/v1/');

export type OpenaiError = {
  error: { message: string; type: string; param: string | null; code: string | null };
};

/** OpenAI's words for what we call otherwise. */
const openAiCodes: Readonly<Partial<Record<AppError['code'], string>>> = {
  not_found: 'unknown_url',
  method_not_allowed: 'unknown_url',
  unauthenticated: 'invalid_api_key',
};

/** The OpenAI error envelope: `{"error":{"message","type","param","code"}}`, every member always present. */
export const toOpenaiError = (error: AppError, status: number): OpenaiError => ({
  error: {
    message: error.message,
    type: status >= 500 ? 'server_error' : 'invalid_request_error',
    param: error.faults[0]?.pointer.replace(/^[/?]/, '').replaceAll('/', '.') ?? null,
    code: openAiCodes[error.code] ?? error.code,
  },
});
