/**
 * Goal: each law of the house is enforced, and a gate that examined nothing fails.
 * Method: plant one violation of each law in a small tree of its own; expect that complaint alone.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { laws, tidy } from './tidy.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

const json = (value: unknown): string => JSON.stringify(value);

const room = (name: string, more: object = {}): Record<string, string> => ({
  [`${name}/package.json`]: json({
    name: `@fieldloop/${name}`,
    exports: { '.': './index.ts' },
    ...more,
  }),
  [`${name}/README.md`]: '# A room\n',
  [`${name}/index.ts`]: 'export const here = 1;\n',
});

const clean: Readonly<Record<string, string>> = {
  'package.json': json({ name: 'fieldloop', devDependencies: { vitest: '1' } }),
  ...room('core', { dependencies: { pino: '1' } }),
  ...room('rules', { dependencies: { '@fieldloop/core': '1' } }),
  ...room('agent', { dependencies: { '@fieldloop/core': '1', pino: '1', leftpad: '1' } }),
  ...room('cloud', { dependencies: { '@fieldloop/core': '1', '@fieldloop/agent': '1' } }),
};

function plant(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'tidy-'));
  roots.push(root);
  execFileSync('git', ['init', '--quiet', root]);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test('a clean tree has no violation', () => {
  const result = tidy(plant(clean));
  expect(result.complaints).toEqual([]);
  expect(result.files).toBe(4);
});

test('a tree without source files is a failure, not a pass', () => {
  expect(() => tidy(plant({ 'README.md': '# Nothing here\n' }))).toThrow('examined no source file');
});

test('a file that does not parse is a failure that names it', () => {
  expect(() => tidy(plant({ ...clean, 'core/torn.ts': 'export const = ;\n' }))).toThrow(
    'core/torn.ts',
  );
});

interface Case {
  readonly law: string;
  readonly what: string;
  readonly path: string;
  readonly text: string;
  readonly says: string;
  readonly also?: Readonly<Record<string, string>>;
  /** Where the complaint points when not at the planted file. */
  readonly at?: string;
}

const lines = (count: number): string =>
  'export const a = 1;\n'.repeat(count).replaceAll(/a(?= )/g, () => `a${(n += 1)}`);
let n = 0;
const slash = '/';

const cases: readonly Case[] = [
  {
    law: 'rooms',
    what: 'an import to the right',
    path: 'cloud/x.ts',
    text: "import '@fieldloop/agent';\n",
    says: 'cloud may not import agent',
  },
  {
    law: 'rooms',
    what: 'a re-export to the right',
    path: 'cloud/x.ts',
    text: "export { here } from '@fieldloop/agent';\n",
    says: 'not to its left',
  },
  {
    law: 'rooms',
    what: 'a dynamic import to the right',
    path: 'cloud/x.ts',
    text: "export const a = import('@fieldloop/agent');\n",
    says: 'not to its left',
  },
  {
    law: 'rooms',
    what: 'a type import to the right',
    path: 'cloud/x.ts',
    text: "export type A = import('@fieldloop/agent').A;\n",
    says: 'not to its left',
  },
  {
    law: 'rooms',
    what: 'a require to the right',
    path: 'cloud/x.ts',
    text: "export const a = require('@fieldloop/agent');\n",
    says: 'not to its left',
  },
  {
    law: 'rooms',
    what: 'a side entrance',
    path: 'agent/x.ts',
    text: "import '@fieldloop/core/fault.ts';\n",
    says: 'not a door of core',
  },
  {
    law: 'rooms',
    what: 'a room off the map',
    path: 'cellar/x.ts',
    text: "import 'node:fs';\n",
    says: 'not a room',
  },
  {
    law: 'declared',
    what: 'an undeclared room',
    path: 'rules/x.ts',
    text: "import 'vitest';\n",
    says: 'does not declare vitest',
    also: {},
  },
  {
    law: 'relative',
    what: 'a path out of the room',
    path: 'agent/x.ts',
    text: "import '../core/index.ts';\n",
    says: 'leaves the room',
  },
  {
    law: 'relative',
    what: 'a missing ending',
    path: 'agent/x.ts',
    text: "import './index';\n",
    says: 'does not end in .ts',
  },
  {
    law: 'stations',
    what: 'a station that looks downstream',
    path: 'agent/window/x.ts',
    text: "import '../uplink/y.ts';\n",
    says: 'downstream',
    also: { 'agent/uplink/y.ts': '' },
  },
  {
    law: 'stations',
    what: 'a siding that uses a siding',
    path: 'agent/health/x.ts',
    text: "import '../enroll/y.ts';\n",
    says: 'sidings',
    also: { 'agent/enroll/y.ts': '' },
  },
  {
    law: 'nouns',
    what: 'a noun that knows its store',
    path: 'cloud/clip/clip.ts',
    text: "import './store.ts';\n",
    says: 'its own store.ts',
    also: { 'cloud/clip/store.ts': '' },
  },
  {
    law: 'nouns',
    what: "a noun in another's store",
    path: 'cloud/clip/routes.ts',
    text: "import '../device/store.ts';\n",
    says: 'only through device/device.ts',
    also: { 'cloud/device/store.ts': '' },
  },
  {
    law: 'doors',
    what: 'a package outside its door',
    path: 'agent/x.ts',
    text: "import 'pino';\n",
    says: 'outside its door',
  },
  {
    law: 'doors',
    what: 'a package without a door',
    path: 'agent/x.ts',
    text: "import 'leftpad';\n",
    says: 'no door',
  },
  {
    law: 'purity',
    what: 'I/O in a pure room',
    path: 'rules/x.ts',
    text: "import 'node:fs';\n",
    says: 'imports node:fs',
  },
  {
    law: 'purity',
    what: 'the clock in a plan',
    path: 'agent/clip/plan.ts',
    text: 'export const a = Date.now();\n',
    says: 'Date.now',
  },
  {
    law: 'purity',
    what: 'chance in a noun',
    path: 'cloud/clip/clip.ts',
    text: 'export const a = Math.random();\n',
    says: 'Math.random',
  },
  {
    law: 'purity',
    what: 'the process in core',
    path: 'core/x.ts',
    text: 'export const a = process.pid;\n',
    says: 'process',
  },
  {
    law: 'forms',
    what: 'a default export',
    path: 'core/x.ts',
    text: 'export default 1;\n',
    says: 'default export',
  },
  {
    law: 'forms',
    what: 'an enum',
    path: 'core/x.ts',
    text: 'export enum A { B }\n',
    says: 'an enum',
  },
  {
    law: 'forms',
    what: 'a namespace',
    path: 'core/x.ts',
    text: 'namespace A { export const b = 1; }\n',
    says: 'a namespace',
  },
  {
    law: 'forms',
    what: 'a parameter property',
    path: 'core/x.ts',
    text: 'export class A { constructor(readonly b: number) {} }\n',
    says: 'parameter property',
  },
  {
    law: 'forms',
    what: 'a non-null assertion',
    path: 'core/x.ts',
    text: 'export const a = (b?: number) => b!;\n',
    says: 'non-null',
  },
  {
    law: 'names',
    what: 'a camel-case file',
    path: 'core/newThing.ts',
    text: '',
    says: 'kebab-case',
  },
  { law: 'names', what: 'an empty word', path: 'core/utils.ts', text: '', says: 'empty word' },
  {
    law: 'names',
    what: 'a prefix I',
    path: 'core/x.ts',
    text: 'export interface IClip { a: 1 }\n',
    says: 'prefix I',
  },
  {
    law: 'names',
    what: 'a synonym',
    path: 'core/x.ts',
    text: 'export const cutSnippet = 1;\n',
    says: 'the glossary says "clip"',
  },
  { law: 'sizes', what: 'a long file', path: 'core/x.ts', text: lines(401), says: '401 lines' },
  {
    law: 'sizes',
    what: 'a long function',
    path: 'core/x.ts',
    text: `export function a() {\n${'  ;\n'.repeat(70)}}\n`,
    says: '72 lines',
  },
  {
    law: 'sizes',
    what: 'a long line',
    path: 'core/x.ts',
    text: `export const a = ${'1 + '.repeat(30)}1;\n`,
    says: 'columns',
  },
  {
    law: 'sizes',
    what: 'five parameters',
    path: 'core/x.ts',
    text: 'export const a = (b: 1, c: 1, d: 1, e: 1, f: 1) => [b, c, d, e, f];\n',
    says: '5 parameters',
  },
  {
    law: 'comments',
    what: 'history',
    path: 'core/x.ts',
    text: '// TODO: later\n',
    says: 'a comment says',
  },
  {
    law: 'bytes',
    what: 'a large file',
    path: 'core/big.bin',
    text: 'x'.repeat(1024 * 1024 + 1),
    says: '1048577 bytes',
  },
  {
    law: 'bytes',
    what: "a machine's path",
    path: 'core/x.ts',
    text: `export const a = '${slash}home/ann/x';\n`,
    says: 'path of one machine',
  },
  {
    law: 'readme',
    what: 'a room without a README',
    path: 'sim/package.json',
    text: json({ name: '@fieldloop/sim' }),
    says: 'no README.md',
    at: 'sim/README.md',
  },
  {
    law: 'readme',
    what: 'a long README',
    path: 'core/README.md',
    text: 'a\n'.repeat(21),
    says: 'at most 20 lines',
  },
  {
    law: 'cycles',
    what: 'a circle of files',
    path: 'core/a.ts',
    text: "import './b.ts';\n",
    says: 'core/a.ts, core/b.ts',
    also: { 'core/b.ts': "import './a.ts';\n" },
  },
];

test.each(cases)('$law: $what is found, and nothing else', (planted) => {
  const { law, path, text, says, also } = planted;
  const { complaints } = tidy(plant({ ...clean, ...also, [path]: text }));
  // A package that no room declares has no door either.
  const found = complaints.filter((one) => law !== 'declared' || one.law !== 'doors');
  expect(found.map((one) => [one.law, one.path])).toEqual([[law, planted.at ?? path]]);
  expect(found[0]?.message).toContain(says);
  expect(found[0]?.remedy).not.toBe('');
});

test('every law has a planted violation', () => {
  expect(new Set(cases.map((one) => one.law)).size).toBe(laws.length);
});
