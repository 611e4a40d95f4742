import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { replacePart, updateDocs } from '../scripts/docs.ts';
import { describeSettings } from '../src/config/describe-settings.ts';
import { repositoryRoot } from './support/import-graph.ts';

const pages = globSync(['*.md', 'docs/**/*.md', 'bench/*.md', 'examples/**/*.md'], {
  cwd: repositoryRoot,
}).map((file) => ({
  file: file.replaceAll(path.sep, '/'),
  text: readFileSync(path.join(repositoryRoot, file), 'utf8'),
}));

const manifest: { scripts: Record<string, string>; dependencies: Record<string, string> } = JSON.parse(
  readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'),
);

/** Every match of the first group of a pattern, with the page it stands on. */
const mentions = (pattern: RegExp) =>
  pages.flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map((match) => ({ file, word: match[1] ?? '' })),
  );

/** A heading's address as GitHub makes it. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('documentation', () => {
  it('has generated parts that match the code', () => {
    expect(updateDocs(true)).toEqual([]);
  });

  it('links to files and headings that exist', () => {
    const broken = mentions(/\]\(([^)\s]+)\)/g).filter(({ file, word }) => {
      if (/^[a-z]+:/.test(word)) return false;
      const [target = '', anchor] = word.split('#');
      const full = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
      if (!existsSync(path.join(repositoryRoot, full))) return true;
      if (anchor === undefined) return false;
      return !anchorsOf(readFileSync(path.join(repositoryRoot, full), 'utf8')).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('links to every page from another one', () => {
    const linked = new Set(
      mentions(/\]\(([^)\s#]+)/g).map(({ file, word }) => path.posix.join(path.posix.dirname(file), word)),
    );
    const pagesBehindLinks = pages.map(({ file }) => file).filter((file) => file.includes('/'));
    expect(pagesBehindLinks.filter((file) => !linked.has(file))).toEqual([]);
  });

  it('names files of the repository that exist', () => {
    const folders = 'src|local|cli|web|scripts|bench|tests|examples|docs|infra|\\.ci';
    const named = mentions(new RegExp(`\`((?:${folders})/[\\w./-]+)\``, 'g'));
    expect(named.length).toBeGreaterThan(5);
    // Files that a reader is told to add.
    const invented = ['src/db/migrations/NNNN_words.sql', 'src/providers/nimbus.ts'];
    const missing = named.filter(
      ({ word }) => !invented.includes(word) && !existsSync(path.join(repositoryRoot, word)),
    );
    expect(missing).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const named = mentions(/npm run (?:-s |--silent )?([a-z][\w:-]*)/g);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ word }) => manifest.scripts[word] === undefined)).toEqual([]);
  });

  it('names settings that exist', () => {
    const known = new Set(describeSettings().map(({ name }) => name));
    // Only for tests and tools, never read by the app.
    const ofTools = [
      'SQ_TEST_DATABASE_URL',
      'SQ_POSTGRES_ROOT',
      'SQ_CHROMIUM',
      'SQ_TEST_SCREENSHOTS',
      'SQ_URL',
      'SQ_KEY',
    ];
    const unknown = mentions(/\b((?:SQ|AOAI)_[A-Z][A-Z0-9_]*[A-Z0-9])\b/g).filter(
      ({ word }) => !known.has(word) && !ofTools.includes(word) && !word.startsWith('SQ_KEY_'),
    );
    expect(unknown).toEqual([]);
  });

  it('gives a reason for every dependency', () => {
    const readme = pages.find(({ file }) => file === 'README.md')?.text ?? '';
    const rows = readme.split('\n').filter((line) => line.startsWith('|'));
    const missing = Object.keys(manifest.dependencies).filter(
      (name) => !rows.some((row) => row.includes(`\`${name}\``)),
    );
    expect(missing).toEqual([]);
  });
});

describe('replacePart', () => {
  it('replaces what stands between its markers and nothing else', () => {
    const page = 'a\n<!-- t:begin -->\nold\n<!-- t:end -->\nb\n';
    const fresh = replacePart(page, 't', 'new');
    expect(fresh).toBe('a\n<!-- t:begin -->\nnew\n<!-- t:end -->\nb\n');
    expect(replacePart(fresh, 't', 'new')).toBe(fresh);
  });

  it('refuses a page without markers', () => {
    expect(() => replacePart('a', 't', 'new')).toThrow('<!-- t:begin -->');
  });
});
