import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../support/import-graph.ts';

const folder = path.join(repositoryRoot, 'dist/web');
const read = (file: string) => readFileSync(path.join(folder, file));
type Chunk = { file: string; isEntry?: boolean; imports?: string[]; dynamicImports?: string[] };
const manifest: Record<string, Chunk> = JSON.parse(read('manifest.json').toString());

/** A chunk and all that is loaded with it. */
const filesOf = (name: string, seen = new Set<string>()): Set<string> => {
  const chunk = manifest[name];
  if (chunk === undefined || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const imported of chunk.imports ?? []) filesOf(imported, seen);
  return seen;
};
const gzippedBytes = (files: Iterable<string>) =>
  [...files].reduce((sum, file) => sum + gzipSync(read(file), { level: 9 }).length, 0);

const entry = Object.keys(manifest).find((name) => manifest[name]?.isEntry) ?? '';

describe('the built dashboard', () => {
  it('needs at most 150 kB of script to start', () => {
    expect(gzippedBytes(filesOf(entry))).toBeLessThan(150_000);
  });

  it('needs at most 300 kB for any page, start included', () => {
    const pages = manifest[entry]?.dynamicImports ?? [];
    expect(pages.length).toBeGreaterThan(8);
    for (const page of pages) {
      expect([page, gzippedBytes(filesOf(page, filesOf(entry))) < 300_000]).toEqual([page, true]);
    }
  });

  it('has nothing inline, and no address but its own', () => {
    const page = read('index.html').toString();
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i);
    const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(addresses.length).toBeGreaterThan(2);
    expect(addresses.filter((address) => !/^\/assets\/[\w-]+\.(js|css|svg)$/.test(address))).toEqual([]);
  });
});
