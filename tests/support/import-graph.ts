import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from '@swc/core';

export const repositoryRoot = path.resolve(import.meta.dirname, '../..');

/** One `import`, `export … from`, `import()` or `require()`. `typeOnly`: nothing of it is left at run time. */
export type ModuleImport = { specifier: string; typeOnly: boolean };

/** What the architecture rules look at in one file. Paths are relative to the repository, with `/`. */
export type SourceFile = {
  file: string;
  text: string;
  lines: number;
  imports: ModuleImport[];
  exports: string[];
  hasDefaultExport: boolean;
  readsEnvironment: boolean;
  /** The first words of literals that hold an SQL statement. */
  sql: string[];
  /** What would come out otherwise when the code runs again: clock, randomness, I/O, waiting outside of Durable. */
  unrepeatable: string[];
};

type Node = { type: string; [key: string]: unknown };

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const children = (value: unknown): Node[] => {
  if (Array.isArray(value)) return value.flatMap(children);
  if (isNode(value)) return [value];
  // Arguments of calls and similar wrappers have no type of their own.
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(children) : [];
};

const walk = (node: Node, visit: (node: Node) => void) => {
  visit(node);
  for (const child of Object.values(node).flatMap(children)) walk(child, visit);
};

const textOf = (value: unknown): string | null => {
  if (!isNode(value)) return null;
  if (value.type === 'StringLiteral') return String(value.value);
  if (value.type === 'Identifier') return String(value.value);
  if (value.type === 'Computed') return textOf(value.expression);
  if (value.type === 'TemplateElement') return String(value.raw);
  return null;
};

const importOf = (node: Node): ModuleImport | null => {
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers : [];
  const allTypes = specifiers.length > 0 && specifiers.every((specifier) => specifier.isTypeOnly === true);
  const typeOnly = node.typeOnly === true || allTypes;
  if (node.type === 'ImportDeclaration' || node.type.startsWith('Export')) {
    const specifier = textOf(node.source);
    return specifier === null ? null : { specifier, typeOnly };
  }
  if (node.type === 'TsImportType') {
    const specifier = textOf(node.argument);
    return specifier === null ? null : { specifier, typeOnly: true };
  }
  if (node.type !== 'CallExpression' || !isNode(node.callee) || !Array.isArray(node.arguments)) return null;
  // import(), require(), createRequire(…)(…), require.resolve(), import.meta.resolve()
  const callee = node.callee.type === 'MemberExpression' ? textOf(node.callee.property) : textOf(node.callee);
  const loads = node.callee.type === 'Import' || callee === 'require' || callee === 'resolve';
  const specifier = textOf(node.arguments[0]?.expression);
  return loads && specifier !== null ? { specifier, typeOnly: false } : null;
};

const exportsOf = (node: Node): string[] => {
  if (node.type === 'ExportDeclaration' && isNode(node.declaration)) {
    const { declaration } = node;
    if (!Array.isArray(declaration.declarations))
      return [textOf(declaration.identifier ?? declaration.id) ?? ''];
    return declaration.declarations.map((each: { id: unknown }) => textOf(each.id) ?? '');
  }
  if (node.type !== 'ExportNamedDeclaration' || !Array.isArray(node.specifiers)) return [];
  return node.specifiers.map(
    (specifier) => textOf(specifier.exported ?? specifier.orig ?? specifier.name) ?? '',
  );
};

const readsEnvironment = (node: Node): boolean => {
  const isProcess = (value: unknown) => textOf(value) === 'process';
  if (node.type === 'MemberExpression') return isProcess(node.object) && textOf(node.property) === 'env';
  const names = (pattern: unknown) => children(pattern).some((part) => textOf(part.key) === 'env');
  if (node.type === 'VariableDeclarator' && isProcess(node.init) && isNode(node.id))
    return names(node.id.properties);
  if (node.type !== 'ImportDeclaration' || !/^(node:)?process$/.test(textOf(node.source) ?? '')) return false;
  return children(node.specifiers).some((part) => (textOf(part.imported) ?? textOf(part.local)) === 'env');
};

const sqlStarts = [
  /^select\s(.|\n)*\sfrom\s|^select\s+\d/i,
  /^(insert|merge)\s+into\s|^update\s+\S+\s+set\s|^delete\s+from\s|^truncate\s+\w/i,
  /^with\s+(recursive\s+)?\w+\s+as\s*\(/i,
  /^(create|alter|drop)\s+(table|index|extension|database|schema|role|function|type|view)\s/i,
  /^(begin|commit|rollback)\s*;?\s*$/i,
];

/** Sentences start with one capital letter, statements with none or a whole word of them. */
const isSql = (text: string): boolean => {
  const bare = text.replace(/^(\s|--.*\n)+/, '');
  return /^([a-z]+|[A-Z]+)\b/.test(bare) && sqlStarts.some((start) => start.test(bare));
};

const sqlOf = (node: Node): string | null => {
  const text =
    node.type === 'TemplateLiteral'
      ? children(node.quasis)
          .map((quasi) => textOf(quasi) ?? '')
          .join(' ? ')
      : node.type === 'StringLiteral'
        ? textOf(node)
        : null;
  return text !== null && isSql(text) ? text.trim().slice(0, 40) : null;
};

const unrepeatableNames =
  /^(Promise|process|globalThis|fetch|crypto|performance|set(Timeout|Interval|Immediate)|queueMicrotask|random(UUID|UUIDv7)?)$/;

const unrepeatableOf = (node: Node): string | null => {
  if (node.type === 'AwaitExpression') return 'await';
  if (node.async === true) return 'async';
  if (node.type === 'Identifier' && unrepeatableNames.test(String(node.value))) return String(node.value);
  if (node.type === 'Computed' && unrepeatableNames.test(textOf(node) ?? '')) return textOf(node);
  const isDate = (value: unknown) => textOf(value) === 'Date';
  if (node.type === 'MemberExpression' && isDate(node.object) && textOf(node.property) === 'now')
    return 'Date.now';
  if (node.type === 'CallExpression' && isDate(node.callee)) return 'Date()';
  if (node.type !== 'NewExpression' || !isDate(node.callee)) return null;
  return Array.isArray(node.arguments) && node.arguments.length > 0 ? null : 'new Date()';
};

/** Parses one file. @throws when it isn't TypeScript. */
export const readSource = (file: string, text: string): SourceFile => {
  const module = parseSync(text, {
    syntax: 'typescript',
    tsx: file.endsWith('.tsx'),
    target: 'es2024',
  }) as unknown as Node;
  const source: SourceFile = {
    file,
    text,
    lines: text.split('\n').length - 1,
    imports: [],
    exports: [],
    hasDefaultExport: false,
    readsEnvironment: false,
    sql: [],
    unrepeatable: [],
  };
  walk(module, (node) => {
    const imported = importOf(node);
    if (imported) source.imports.push(imported);
    source.exports.push(...exportsOf(node));
    source.hasDefaultExport ||= /^ExportDefault(Declaration|Expression)$/.test(node.type);
    source.readsEnvironment ||= readsEnvironment(node);
    const sql = sqlOf(node);
    if (sql !== null) source.sql.push(sql);
    const unrepeatable = unrepeatableOf(node);
    if (unrepeatable !== null) source.unrepeatable.push(unrepeatable);
  });
  source.hasDefaultExport ||= source.exports.includes('default');
  return source;
};

/** Every TypeScript file below the given folders of the repository, parsed. */
export const readSources = (folders: readonly string[]): SourceFile[] =>
  folders.flatMap((folder) =>
    readdirSync(path.join(repositoryRoot, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(m?ts|tsx)$/.test(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !file.includes(`${path.sep}fixtures${path.sep}`))
      .map((file) =>
        readSource(path.relative(repositoryRoot, file).replaceAll(path.sep, '/'), readFileSync(file, 'utf8')),
      ),
  );
