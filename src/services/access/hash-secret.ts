import { createHash } from 'node:crypto';

type RandomBytes = (size: number) => Buffer;

/** 32 random bytes: a plain SHA-256 of as much randomness needs neither salt nor stretching. */
const secretBytes = 32;
const prefixLength = 11;

/** `sq_` and 43 base64url characters. */
export const newApiKeySecret = (randomBytes: RandomBytes): string =>
  `sq_${randomBytes(secretBytes).toString('base64url')}`;

export const newSessionToken = (randomBytes: RandomBytes): string =>
  randomBytes(secretBytes).toString('base64url');

/** Spares the database a look-up for what cannot be a key. */
export const isApiKeyShaped = (text: string): boolean => /^sq_[A-Za-z0-9_-]{43}$/.test(text);

/** SHA-256, 32 bytes: all that is ever stored of a key or a token. */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** What is shown of a key so that people can tell keys apart. */
export const prefixOf = (secret: string): string => secret.slice(0, prefixLength);
