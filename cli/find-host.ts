import { readFileSync } from 'node:fs';
import { z } from 'zod';

export type HostAddress = { url: string; key: string | null };

const HostFile = z.object({ url: z.url(), key: z.string() });

/**
 * Where the API is: `--url`, then `SQ_URL`, then the `host.json` that a running `npm start` keeps in its data folder.
 * The key is `SQ_KEY` where that is set; the key in `host.json` is for the host of that file only.
 * @throws {Error} when none of them tells.
 */
export function findHost(options: {
  url?: string | undefined;
  env: Record<string, string | undefined>;
  hostFile: string;
}): HostAddress {
  const running = readHostFile(options.hostFile);
  const url = options.url ?? (options.env.SQ_URL || running?.url);
  if (url === undefined) {
    throw new Error(
      `No host is known: run npm start, or give --url or SQ_URL. (${options.hostFile} is missing.)`,
    );
  }
  if (!URL.canParse(url)) throw new Error(`"${url}" is no address such as http://127.0.0.1:7071`);
  const isRunning = running !== null && new URL(url).origin === new URL(running.url).origin;
  return { url, key: options.env.SQ_KEY || (isRunning ? running.key : null) };
}

function readHostFile(file: string): z.infer<typeof HostFile> | null {
  try {
    return HostFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
