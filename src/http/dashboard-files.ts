import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** How a file is sent: as it is, or as the build has compressed it. */
const encodings = ['br', 'gzip', 'identity'] as const;
type Encoding = (typeof encodings)[number];
const endings: Record<Encoding, string> = { br: '.br', gzip: '.gz', identity: '' };

const mediaTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export type DashboardFile = {
  bytes: Uint8Array<ArrayBuffer>;
  type: string;
  encoding: Encoding;
  etag: string;
};

export type DashboardFiles = {
  /**
   * @param name below the folder, such as `assets/index-1a2b.js`; names that the build didn't write are unknown.
   * @param accepted the request's `Accept-Encoding`.
   */
  find(name: string, accepted: string): Promise<DashboardFile | null>;
};

const accepts = (accepted: string, encoding: Encoding): boolean =>
  accepted.split(',').some((entry) => {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });

const isMissing = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

/**
 * The built dashboard in `folder`: its page, and its assets with the compressed forms beside them. Names are looked up in a list
 * that is read once, so no path of a request ever reaches the file system.
 */
export const createDashboardFiles = (folder: string): DashboardFiles => {
  let listing: Promise<ReadonlySet<string>> | undefined;
  const contents = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  const list = async (): Promise<ReadonlySet<string>> => {
    try {
      const assets = await readdir(join(folder, 'assets'));
      const own = await readdir(folder);
      return new Set([
        ...own.filter((name) => name.startsWith('index.html')),
        ...assets.map((name) => `assets/${name}`),
      ]);
    } catch (error) {
      // An app without a dashboard.
      if (isMissing(error)) return new Set();
      throw error;
    }
  };
  const read = (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const known = contents.get(name);
    if (known !== undefined) return known;
    const reading = readFile(join(folder, name)).then((buffer) => new Uint8Array(buffer));
    contents.set(name, reading);
    reading.catch(() => contents.delete(name));
    return reading;
  };

  return {
    find: async (name, accepted) => {
      listing ??= list().catch((error: unknown) => {
        listing = undefined;
        throw error;
      });
      const names = await listing;
      const type = mediaTypes[extname(name)];
      if (type === undefined || !names.has(name)) return null;
      const encoding =
        encodings.find((each) => names.has(name + endings[each]) && accepts(accepted, each)) ?? 'identity';
      const bytes = await read(name + endings[encoding]);
      const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 27);
      return { bytes, type, encoding, etag: `"${hash}"` };
    },
  };
};
