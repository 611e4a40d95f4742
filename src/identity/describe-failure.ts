const mostCharacters = 600;

/** Bearer tokens and the like, should an SDK ever quote one. */
const credentialShape = /\b(eyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9_.-]*|(Bearer|SharedKey)\s+\S+|sig=[^&\s]+)/g;

/**
 * What an SDK's error says, for the log: its name, code and words. Never the error itself, which may hold the request with
 * its headers.
 */
export const describeFailure = (error: unknown): Error => {
  if (typeof error !== 'object' || error === null) return new Error('unknown cause');
  const { name, code, statusCode, message } = error as Record<string, unknown>;
  const words = [name, code, statusCode].filter(
    (word) => typeof word === 'string' || typeof word === 'number',
  );
  // A chain of credentials says in its further lines what each of them lacks.
  const said = typeof message === 'string' ? message.replaceAll(/\s+/g, ' ') : '';
  const text = `${words.join(' ')}: ${said}`.replace(credentialShape, '[secret]');
  return new Error(text.slice(0, mostCharacters));
};
