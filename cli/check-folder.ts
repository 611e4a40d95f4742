import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from './usage-error.ts';

/** Before anything is asked or made for a file that could not be written. @throws {UsageError} */
export async function checkFolderOf(file: string): Promise<void> {
  const folder = dirname(resolve(file));
  const isWritable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable) throw new UsageError(`nothing can be written to ${folder}`);
}
