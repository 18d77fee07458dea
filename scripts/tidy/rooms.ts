/** Laws 1, 2 and 5: who may import whom. */
import { dirname, normalize } from 'node:path/posix';
import type { Import } from './syntax.ts';
import { type Complaint, type Law, lineAt, type SourceFile, type Tree } from './tree.ts';

/** Each room with the rooms to its left. A room that is not here may not hold code. */
const leftOf: Readonly<Record<string, readonly string[]>> = {
  core: [],
  proto: ['core'],
  recording: ['core'],
  learning: ['core'],
  rules: ['core', 'proto', 'recording', 'learning'],
  agent: ['core', 'proto', 'recording', 'learning', 'rules'],
  cloud: ['core', 'proto', 'recording', 'learning', 'rules'],
  cli: ['core', 'proto', 'recording', 'learning', 'rules', 'cloud'],
  sim: ['core', 'proto', 'recording', 'learning', 'rules', 'agent'],
  e2e: ['core', 'proto', 'recording', 'learning', 'rules', 'agent', 'cloud', 'cli', 'sim'],
  bench: ['core', 'proto', 'recording', 'learning', 'rules', 'agent', 'cloud', 'cli', 'sim', 'e2e'],
  // Bench and demo run the same real processes that the end-to-end tests do.
  scripts: [
    'core',
    'proto',
    'recording',
    'learning',
    'rules',
    'agent',
    'cloud',
    'cli',
    'sim',
    'e2e',
  ],
};

const stations = ['source', 'window', 'score', 'rule', 'clip', 'buffer', 'uplink'];
const sidings = ['update', 'health', 'enroll', 'command'];

/** Folders of the cloud that are machinery, not nouns. */
const cloudMachinery = [
  'http',
  'broker',
  'ingest',
  'store',
  'blob',
  'auth',
  'workflows',
  'outgoing',
];

export const roomsLaw: Law = (tree) =>
  eachImport(tree, (file, { from, start }) => {
    const room = leftOf[file.room];
    if (file.room === '') return [];
    if (room === undefined) {
      return [complaint(file, start, 'rooms', `"${file.room}" is not a room of the map`)];
    }
    const match = /^@fieldloop\/([^/]+)(\/.*)?$/.exec(from);
    const target = match?.[1];
    if (target === undefined) return [];
    if (!room.includes(target)) {
      const message = `${file.room} may not import ${target}: it is not to its left`;
      return [complaint(file, start, 'rooms', message)];
    }
    const door = `.${match?.[2] ?? ''}`;
    if (tree.packages.get(target)?.exports.has(door) !== true) {
      return [complaint(file, start, 'rooms', `${from} is not a door of ${target}`)];
    }
    return [];
  });

export const declaredLaw: Law = (tree) =>
  eachImport(tree, (file, { from, start }) => {
    const name = packageOf(from);
    if (name === undefined || file.room === '') return [];
    if (tree.packages.get(file.room)?.dependencies.has(name) === true) return [];
    if (file.isTest && tree.packages.get('')?.dependencies.has(name) === true) return [];
    const message = `${file.room}/package.json does not declare ${name}`;
    return [complaint(file, start, 'declared', message)];
  });

export const relativeLaw: Law = (tree) =>
  eachImport(tree, (file, { from, start }) => {
    if (!from.startsWith('.')) return [];
    const target = normalize(`${dirname(file.path)}/${from}`);
    const leaves = file.room !== '' && !target.startsWith(`${file.room}/`);
    // The launcher is plain JavaScript that runs before any package is installed.
    const isBootstrap = file.path === 'scripts/bootstrap.mjs' && target === 'core/launch.mjs';
    if (leaves && !isBootstrap) {
      return [complaint(file, start, 'relative', `"${from}" leaves the room ${file.room}`)];
    }
    if (!/\.(ts|mjs|js|json)$/.test(from)) {
      return [complaint(file, start, 'relative', `"${from}" does not end in .ts`)];
    }
    return [];
  });

export const stationsLaw: Law = (tree) =>
  eachImport(tree, (file, { from, start }) => {
    if (file.room !== 'agent' || !from.startsWith('.') || file.isTest) return [];
    const own = file.path.split('/').length > 2 ? (file.path.split('/')[1] ?? '') : '';
    const target = normalize(`${dirname(file.path)}/${from}`).split('/');
    const other = target.length > 2 ? (target[1] ?? '') : '';
    if (own === '' || other === '' || own === other) return [];
    const refuse = (why: string): Complaint[] => [
      complaint(file, start, 'stations', `${own} may not import ${other}: ${why}`),
    ];
    if (sidings.includes(own) && sidings.includes(other)) return refuse('both are sidings');
    if (!stations.includes(own) || !stations.includes(other)) return [];
    if (stations.indexOf(other) < stations.indexOf(own)) return [];
    return refuse('it is downstream');
  });

export const nounsLaw: Law = (tree) =>
  eachImport(tree, (file, { from, start }) => {
    const [room, own, name, ...deeper] = file.path.split('/');
    if (room !== 'cloud' || name === undefined || deeper.length > 0 || file.isTest) return [];
    if (own === undefined || cloudMachinery.includes(own) || !from.startsWith('.')) return [];
    const target = normalize(`${dirname(file.path)}/${from}`).split('/');
    const [, other = '', targetName = ''] = target;
    if (name === `${own}.ts` && other === own && /^(store|routes)\.ts$/.test(targetName)) {
      return [complaint(file, start, 'nouns', `${file.path} may not import its own ${targetName}`)];
    }
    const isNoun = target.length === 3 && !cloudMachinery.includes(other) && other !== own;
    if (isNoun && targetName !== `${other}.ts`) {
      const message = `noun ${own} may use noun ${other} only through ${other}/${other}.ts`;
      return [complaint(file, start, 'nouns', message)];
    }
    return [];
  });

/** The npm name of a bare import, or undefined for relative ones, builtins and our own rooms. */
export function packageOf(from: string): string | undefined {
  if (from.startsWith('.') || from.startsWith('node:') || from.startsWith('/')) return undefined;
  const parts = from.split('/');
  return from.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

function eachImport(
  tree: Tree,
  look: (file: SourceFile, found: Import) => readonly Complaint[],
): Complaint[] {
  return tree.sources.flatMap((file) => file.imports.flatMap((found) => look(file, found)));
}

const remedies: Readonly<Record<string, string>> = {
  rooms: 'Move the code to the room on the left that both may use, or import its door.',
  declared: 'Add it to the catalog and to the package.json of the room.',
  relative: 'Import another room by its name, and a file by its full name.',
  stations: 'Pass the value in from main.ts, or move the type upstream.',
  nouns: 'Put what both need into <noun>.ts.',
};

function complaint(file: SourceFile, start: number, law: string, message: string): Complaint {
  return { law, path: file.path, line: lineAt(file, start), message, remedy: remedies[law] ?? '' };
}
