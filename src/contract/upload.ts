import { z } from 'zod';
import { Id, StorableText, Timestamp } from './common.ts';

/** Bytes of one part. */
export const maxPartBytes = 8 * 1024 * 1024;
/** Parts of one upload. */
export const maxPartCount = 100;
/** Bytes of a file of questions, uncompressed. */
export const maxFileBytes = 200_000_000;

/** SHA-256, in lower-case hexadecimal digits. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');

export const CreateUpload = z
  .strictObject({
    /** Such as the name of the file; for people only. */
    name: StorableText.trim().min(1).max(200).optional(),
    /** What all parts together are. */
    contentEncoding: z.enum(['identity', 'gzip']).default('identity'),
  })
  .meta({ id: 'CreateUpload' });
export type CreateUpload = z.infer<typeof CreateUpload>;

export const UploadPart = z
  .object({ partNumber: z.number().int(), bytes: z.number().int(), sha256: Sha256 })
  .meta({ id: 'UploadPart' });
export type UploadPart = z.infer<typeof UploadPart>;

export const Upload = z
  .object({
    id: Id,
    name: z.string().nullable(),
    contentEncoding: z.enum(['identity', 'gzip']),
    status: z.enum(['open', 'completed']),
    /** Of the parts that have arrived. */
    bytes: z.number().int(),
    parts: z.array(UploadPart),
    /** Of the whole file as uploaded; null until it is completed. */
    sha256: Sha256.nullable(),
    createdAt: Timestamp,
    /** Each part pushes it ahead. */
    expiresAt: Timestamp,
  })
  .meta({ id: 'Upload', description: 'A file of questions on its way in.' });
export type Upload = z.infer<typeof Upload>;

export const CompleteUpload = z
  .strictObject({
    /** How many parts there should be. */
    partCount: z.number().int().min(1).max(maxPartCount),
    /** What the whole file should be. */
    sha256: Sha256.optional(),
  })
  .meta({ id: 'CompleteUpload' });
export type CompleteUpload = z.infer<typeof CompleteUpload>;
