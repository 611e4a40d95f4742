import { spawn } from 'node:child_process';

/**
 * Runs a script of the built app to its end.
 * @throws {Error} with what it wrote, when it fails.
 * @returns what it wrote to its standard output.
 */
export async function runBuiltScript(
  file: string,
  env: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<string> {
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'pipe'], signal });
  const written = { out: '', all: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.out += text;
    written.all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.all += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(written.all.trim() || `${file} ended with ${code}`);
  return written.out;
}
