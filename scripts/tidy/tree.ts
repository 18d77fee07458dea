/**
 * What the laws look at: every file that git lists, and the syntax of each source file. Reading
 * fewer files than git lists is itself a violation, so that a silent gap cannot pass.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { type Comment, type Node, parseSource, type Syntax } from './syntax.ts';

export interface SourceFile {
  /** Path from the root of the tree, with forward slashes. */
  readonly path: string;
  /** First folder of the path; empty for files at the root. */
  readonly room: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly program: Node;
  readonly comments: readonly Comment[];
  readonly imports: Syntax['imports'];
  readonly isTest: boolean;
  /** Carries the header of a generated file: exempt from style, not from imports. */
  readonly isGenerated: boolean;
}

export interface PackageFile {
  readonly name: string;
  readonly dependencies: ReadonlySet<string>;
  readonly exports: ReadonlySet<string>;
}

export interface Tree {
  readonly root: string;
  readonly listed: readonly string[];
  readonly sources: readonly SourceFile[];
  readonly packages: ReadonlyMap<string, PackageFile>;
  readonly sizes: ReadonlyMap<string, number>;
  /** Text of every source and document, by path. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface Complaint {
  readonly law: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

/** A law looks at the whole tree and says what breaks it. */
export type Law = (tree: Tree) => readonly Complaint[];

const sourcePattern = /\.(ts|tsx|mts|mjs|js|cjs)$/;
const textPattern = /\.(ts|tsx|mts|mjs|js|cjs|md|json|ya?ml|proto|svg|html|css)$/;
/** Generated files: listed here, and they say so in their first line. */
const generated = new Set([
  'cli/generated/api.d.ts',
  'proto/generated/wire.d.ts',
  'proto/generated/wire.js',
]);
const generatedHeader = /^\/\/ Generated from /;

/** Tracked files and those that would be, as git sees them. */
export function listFiles(root: string): string[] {
  const text = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return text.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

export function readTree(root: string): Tree {
  const listed = listFiles(root);
  const wanted = listed.filter((path) => sourcePattern.test(path));
  if (wanted.length === 0) {
    throw new Fault('invalid', 'tidy examined no source file', {
      place: root,
      remedy: 'Run it inside a checkout that git knows.',
    });
  }
  const sources = wanted.map((path) => readSource(root, path));
  return {
    root,
    listed,
    sources,
    packages: readPackages(root, listed),
    sizes: new Map(listed.map((path) => [path, statSync(join(root, path)).size])),
    texts: new Map(
      listed
        .filter((path) => textPattern.test(path))
        .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
    ),
  };
}

function readSource(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const syntax = parseSource(path, text);
  return {
    path,
    room: path.includes('/') ? path.slice(0, path.indexOf('/')) : '',
    text,
    lines: text.split('\n'),
    program: syntax.program,
    comments: syntax.comments,
    imports: syntax.imports,
    isTest: /\.(test|contract|cases|sample)\.ts$/.test(path),
    isGenerated: generated.has(path) && generatedHeader.test(text),
  };
}

function readPackages(root: string, listed: readonly string[]): Map<string, PackageFile> {
  const found = new Map<string, PackageFile>();
  for (const path of listed) {
    const match = /^(?:([^/]+)\/)?package\.json$/.exec(path);
    if (match === null) continue;
    const json = JSON.parse(readFileSync(join(root, path), 'utf8')) as {
      name?: string;
      exports?: Record<string, string>;
      dependencies?: Record<string, string>;
      devDependencies?: Record<string, string>;
    };
    found.set(match[1] ?? '', {
      name: json.name ?? '',
      exports: new Set(Object.keys(json.exports ?? {})),
      dependencies: new Set(Object.keys({ ...json.dependencies, ...json.devDependencies })),
    });
  }
  return found;
}

export function lineAt(file: SourceFile, offset: number): number {
  let line = 1;
  for (
    let i = file.text.indexOf('\n');
    i !== -1 && i < offset;
    i = file.text.indexOf('\n', i + 1)
  ) {
    line += 1;
  }
  return line;
}
